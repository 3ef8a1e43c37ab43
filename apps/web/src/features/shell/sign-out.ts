import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { toast } from '../../ui/toast.tsx'
import { forgetDrafts } from '../chats/drafts.ts'

/** Ends the session, and forgets what was typed in chats and not sent. The shell leads to the sign-in as soon as it has ended, in every tab. */
export async function signOut(): Promise<void> {
  try {
    await muster.session.signOut()
    forgetDrafts()
  } catch (error) {
    toast({ kind: 'error', title: errorSentence(error) })
  }
}
