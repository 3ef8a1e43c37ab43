import { type Factors, lacksRequiredFactor } from '@muster/policy'
import { issueRefreshToken } from '@muster/security/refresh-token'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { SessionRow } from './sessions.queries.ts'

/** The tokens that a sign-in or a refresh gives to the browser. */
export type SessionGrant = {
  actor: Actor
  accessToken: string
  refreshToken: string
  /** When the refresh token expires unless it is used before. */
  expiresAt: Date
  /** The signed device cookie; only a sign-in sets it. */
  device?: string
}

export type TokenDeps = Pick<Deps, 'config'> & { accessTokens: AccessTokens }

/** Issues an access token, and the refresh token of the given generation, for the actor's session. */
export function issueGrant(
  { config, accessTokens }: TokenDeps,
  actor: Actor,
  session: { seed: Buffer; generation: number; expiresAt: Date },
): SessionGrant {
  const { seed, generation, expiresAt } = session
  return {
    actor,
    accessToken: accessTokens.sign(actor),
    refreshToken: issueRefreshToken(config.keys.refreshToken, { id: actor.sessionId, seed }, generation),
    expiresAt,
  }
}

/** Reads the actor that the session's next access token names. */
export const actorOf = (row: SessionRow): Actor => ({
  userId: row.user_id,
  sessionId: row.id,
  organizationId: row.organization_id,
  role: row.role as Actor['role'],
  ...factorClaim(row),
})

/** Returns the claim of an actor who lacks the second factor that their organization requires; undefined stands for no organization. */
export const factorClaim = (factors: Factors | undefined): Pick<Actor, 'lacksFactor'> =>
  factors && lacksRequiredFactor(factors) ? { lacksFactor: true } : {}
