import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { toast } from '../../ui/toast.tsx'

/** Ends the session. The shell leads to the sign-in as soon as it has ended, in every tab. */
export async function signOut(): Promise<void> {
  try {
    await muster.session.signOut()
  } catch (error) {
    toast({ kind: 'error', title: errorSentence(error) })
  }
}
