import type { Deps } from './deps.ts'
import type { SecretGuard } from './http/limits/secret-guard.ts'
import type { ChatSteps } from './modules/friends/chat-steps.ts'
import type { AccessTokens } from './modules/sessions/access-tokens.ts'
import type { SessionCookies } from './modules/sessions/session.plugin.ts'
import type { InvitationSteps } from './modules/sign-in/invitation-steps.ts'

/** The options of every module's routes: the deps, and what `buildApp` creates from them. */
export type Context = Deps & {
  accessTokens: AccessTokens
  cookies: SessionCookies
  guard: SecretGuard
  invitations: InvitationSteps
  chatSteps: ChatSteps
}
