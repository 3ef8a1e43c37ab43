import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { actorOf, issueGrant, type SessionGrant, type TokenDeps } from './session-grant.ts'
import * as queries from './sessions.queries.ts'

/**
 * Issues a new access token for the actor's session, e.g. because the actor just set up the second factor that they
 * lacked. The refresh token stays as it is.
 * @throws DomainError SESSION_REVOKED
 */
export async function renewAccess(
  deps: TokenDeps & Pick<Deps, 'db'>,
  { sessionId }: Actor,
): Promise<Pick<SessionGrant, 'accessToken' | 'expiresAt'>> {
  const row = await queries.findWithUser(deps.db, sessionId)
  if (!row || row.revoked_at || !row.is_active) throw new DomainError('SESSION_REVOKED')
  return issueGrant(deps, actorOf(row), { seed: row.seed, generation: row.generation, expiresAt: row.expires_at })
}

/**
 * Makes every API instance renew the access tokens of these users' open sessions within a second, because their claims
 * are outdated. Each instance polls the rows for the change, see {@link startRevocations}. Tokens issued within
 * 2 s from `now` are renewed once more: they may be based on data that was read before this commits, or come from a
 * machine whose clock is ahead.
 */
export const forceRenewal = (
  trx: Trx,
  whose: { organizationId: string } | { userId: string },
  now: Date,
): Promise<void> => queries.forceRenewal(trx, whose, now)
