import { MusterError, type SessionSnapshot, type User } from '@muster/client'
import { muster } from './muster.ts'
import { useStore } from './use-store.ts'

/** Returns who is signed in. */
export const useSession = (): SessionSnapshot => useStore(muster.session)

/** Returns the user who is signed in, below a route that lets nobody else pass. */
export function useUser(): User {
  const session = useSession()
  if (!('user' in session)) throw new Error('This part of the pages is for signed-in users.')
  return session.user
}

/** Returns whether the data of this installation is made up, for pages of signed-in users. */
export function useIsDemo(): boolean {
  const session = useSession()
  return 'user' in session && session.isDemo
}

/** Asks the server once who is signed in; later the client knows it. @throws MusterError */
export async function knownSession(): Promise<SessionSnapshot> {
  const session = muster.session.getSnapshot()
  return session.status === 'unknown' ? muster.session.restore() : session
}

/** Asks the server for the role of the user, which somebody has changed if what they were offered is refused. */
export function renewRoleAfter(error: unknown): void {
  if (error instanceof MusterError && error.code === 'FORBIDDEN') muster.session.restore().catch(() => undefined)
}

// public/first-paint.js reads the same key before the first paint.
const key = 'muster-signed-in'

/** Notes in the browser whether somebody is signed in, since pages cannot see the cookie: the next one shows the frame of the app at once. */
export function noteSessions(): void {
  muster.session.subscribe(() => {
    const { status } = muster.session.getSnapshot()
    try {
      if (status === 'signed-in') localStorage.setItem(key, 'true')
      else if (status === 'signed-out') localStorage.removeItem(key)
    } catch {
      // Without storage there is no frame before the scripts.
    }
  })
}
