import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'

/** How the first step of a sign-in verified the identity. */
export type SignInMethod = 'password' | 'google' | 'invite'

export type SignInOptions = {
  method: SignInMethod
  rememberMe: boolean
  origin: Origin
  /** The mail of an invitation that the user accepts with the last step. */
  inviteMailId?: string | undefined
}

export type SignInDeps = Pick<
  Context,
  | 'accessTokens'
  | 'cache'
  | 'clock'
  | 'config'
  | 'db'
  | 'guard'
  | 'invitations'
  | 'passwords'
  | 'redis'
  | 'revocations'
  | 'transact'
>
