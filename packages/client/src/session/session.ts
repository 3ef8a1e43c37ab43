import type { Methods } from '../generated/methods.gen.ts'
import type { Login, User } from '../generated/schemas.gen.ts'
import type { CallOptions } from '../http/call-types.ts'
import type { Observer } from '../http/caller.ts'
import { MusterError } from '../http/error.ts'
import type { Data } from '../http/operation-types.ts'
import { createStore, type Store } from '../store.ts'

/** Who is signed in, as far as the client knows. */
export type SessionSnapshot =
  /** Before `restore()` or a sign-in. */
  | { status: 'unknown' }
  /** `isEnded`: the session ended without a sign-out of this client: it expired, was revoked, or ended in another tab. */
  | { status: 'signed-out'; isEnded: boolean }
  /** The password was right, and the code of the second factor is missing. */
  | { status: 'challenge'; method: 'otp' | 'totp'; challengeToken: string; expiresAt: string }
  /** The organization requires a second factor: until it is set up, little else works. `isDemo`: the data of this installation is made up. */
  | { status: 'set-up-required'; factor: 'otp' | 'totp'; user: User; sessionId: string; isDemo: boolean }
  | { status: 'signed-in'; user: User; sessionId: string; isDemo: boolean }

/** The sign-in as a store of states. Methods of `muster.auth` change it too. */
export interface MusterSession extends Store<SessionSnapshot> {
  /** Asks the server who is signed in, at the start of a program or when it becomes visible again. */
  restore(options?: CallOptions): Promise<SessionSnapshot>
  signIn(login: Login, options?: CallOptions): Promise<SessionSnapshot>
  /** Answers the challenge with a mailed code, the code of the app, or a recovery code. */
  verifyCode(code: string, options?: CallOptions): Promise<SessionSnapshot>
  /** Mails another code for the challenge. */
  resendCode(options?: CallOptions): Promise<string>
  /** Goes back from a challenge to the password. */
  cancelChallenge(): void
  /**
   * Ends the session. Messages that could not be sent wait for this user's next sign-in, or are deleted from the device.
   */
  signOut(options?: SignOutOptions): Promise<void>
}

export type SignOutOptions = CallOptions & { discardUnsent?: boolean | undefined }

export type SessionCore = ReturnType<typeof createSessionCore>

/** Operations after which another user, or none, is signed in, or the factor to set up is another one. */
const changing = new Set([
  ...['verifySignIn', 'verifyRegistration', 'acceptInvite', 'refreshSession'],
  ...['confirmAuthenticatorApp', 'confirmMailedCodes', 'disableTwoFactor'],
])
const ending = new Set(['logout', 'logoutAll', 'deleteOwnAccount'])
const ofOwnProfile = new Set(['getOwnProfile', 'updateOwnProfile', 'uploadAvatar', 'deleteAvatar'])

/** Creates the state of the sign-in, which follows the answers of the API. */
export function createSessionCore(read: () => Promise<Data<'getSession'>>) {
  const store = createStore<SessionSnapshot>({ status: 'unknown' })
  const userChanges = new Set<() => void>()
  const ownChanges = new Set<() => void>()
  /** Counts sign-ins and sign-outs, so that a late refusal of an earlier session ends no later one. */
  let generation = 0

  function set(next: SessionSnapshot) {
    const [before, after] = [userIdOf(store.getSnapshot()), userIdOf(next)]
    if (before !== after) {
      generation++
      for (const listener of userChanges) listener()
    }
    store.set(next)
  }

  async function restore(): Promise<SessionSnapshot> {
    const begun = generation
    const { user, session, factorToSetUp: factor, isDemo } = await read()
    if (begun !== generation) return store.getSnapshot()
    if (!user || !session) {
      const { status } = store.getSnapshot()
      if (status !== 'challenge' && status !== 'signed-out')
        set({ status: 'signed-out', isEnded: status !== 'unknown' })
    } else {
      const sessionId = session.id
      const known = { user, sessionId, isDemo }
      set(factor ? { status: 'set-up-required', factor, ...known } : { status: 'signed-in', ...known })
    }
    return store.getSnapshot()
  }

  async function succeeded(id: string, result: unknown): Promise<void> {
    const snapshot = store.getSnapshot()
    const challenge = id === 'login' ? (result as Data<'login'>) : undefined
    if (challenge?.requiresTwoFactor) {
      const { method, challengeToken, expiresAt } = challenge
      return set({ status: 'challenge', method, challengeToken, expiresAt })
    }
    if (ending.has(id)) set({ status: 'signed-out', isEnded: false })
    else if (challenge || changing.has(id)) await restore()
    else if (ofOwnProfile.has(id) && 'user' in snapshot) return set({ ...snapshot, user: result as User })
    else return
    for (const listener of ownChanges) listener()
  }

  async function failed(error: unknown): Promise<void> {
    if (!(error instanceof MusterError)) return
    const { code } = error
    const isChallenge = store.getSnapshot().status === 'challenge'
    if (!isChallenge && (code === 'UNAUTHENTICATED' || code === 'SESSION_REVOKED')) end()
    else if (code === 'CHALLENGE_INVALID') set({ status: 'signed-out', isEnded: false })
    else if (code === 'TWO_FACTOR_REQUIRED' && store.getSnapshot().status !== 'set-up-required')
      await restore().catch(() => undefined)
  }

  /** Records that the session has ended. Another user may have signed in meanwhile, in another tab. */
  function end(): void {
    const isEnded = 'user' in store.getSnapshot()
    set({ status: 'signed-out', isEnded })
    if (isEnded) asking = restore().catch(() => undefined)
  }
  let asking: Promise<unknown> = Promise.resolve()

  const observer: Observer = {
    begin() {
      const begun = generation
      const isCurrent = () => begun === generation
      return {
        succeeded: async (id, result) => (isCurrent() ? succeeded(id, result) : undefined),
        failed: async (error) => (isCurrent() ? failed(error) : undefined),
      }
    },
  }
  return {
    observer,
    store,
    restore,
    end,
    /** Resolves when the question after the end of a session is answered: its answer removes cookies. */
    whenAsked: () => asking,
    cancelChallenge() {
      if (store.getSnapshot().status === 'challenge') set({ status: 'signed-out', isEnded: false })
    },
    /** Calls the listener before another user, or none, counts as signed in. */
    onUserChange: (listener: () => void) => void userChanges.add(listener),
    /** Calls the listener after this client has signed somebody in or out. */
    onOwnChange: (listener: () => void) => void ownChanges.add(listener),
    userId: () => userIdOf(store.getSnapshot()),
  }
}

const userIdOf = (snapshot: SessionSnapshot): string | null => ('user' in snapshot ? snapshot.user.id : null)

/** Creates the public face of the session. */
export function createSession(
  core: SessionCore,
  { auth }: Pick<Methods, 'auth'>,
  discardUnsent: (userId: string) => Promise<void>,
): MusterSession {
  const { getSnapshot, subscribe } = core.store
  const challenge = () => {
    const snapshot = getSnapshot()
    if (snapshot.status === 'challenge') return snapshot.challengeToken
    throw new MusterError('There is no sign-in to complete. Sign in with the password first.', {
      code: 'CHALLENGE_INVALID',
    })
  }
  return {
    getSnapshot,
    subscribe,
    restore: () => core.restore(),
    async signIn(login, options) {
      await core.whenAsked()
      await auth.login(login, options)
      return getSnapshot()
    },
    async verifyCode(code, options) {
      await auth.verifySignIn({ challengeToken: challenge(), code }, options)
      return getSnapshot()
    },
    resendCode: async (options) => auth.resendSignInCode({ challengeToken: challenge() }, options),
    cancelChallenge: core.cancelChallenge,
    async signOut(options) {
      const userId = core.userId()
      await auth.logout(options).catch((error: unknown) => {
        // A session that has ended needs no end.
        if (!(error instanceof MusterError) || error.status !== 401) throw error
      })
      if (options?.discardUnsent && userId !== null) await discardUnsent(userId)
    },
  }
}
