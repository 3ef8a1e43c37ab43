import type { Deps } from './deps.ts'
import type { SecretGuard } from './http/secret-guard.ts'
import type { AccessTokens } from './modules/sessions/access-tokens.ts'
import type { SessionCookies } from './modules/sessions/session.plugin.ts'
import type { InvitationSteps } from './modules/sign-in/invitation-steps.ts'

/** What every module's routes receive: the deps, and what the plugins made of them. */
export type Context = Deps & {
  accessTokens: AccessTokens
  cookies: SessionCookies
  guard: SecretGuard
  invitations: InvitationSteps
}
