import { redirect } from '@tanstack/react-router'
import { ownPath } from '../../lib/next-path.ts'
import { knownSession } from '../../lib/session.ts'

/** Leads who is signed in away from a page for visitors. A server that does not answer keeps nobody from a form. */
export async function leaveWhenSignedIn(next: string | undefined): Promise<void> {
  const session = await knownSession().catch(() => null)
  if (session?.status === 'signed-in') throw redirect({ href: ownPath(next), replace: true })
  if (session?.status === 'set-up-required')
    throw redirect({ href: `/setup-factor?next=${encodeURIComponent(ownPath(next))}`, replace: true })
}
