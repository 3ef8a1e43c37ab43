import { newId } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { sessionExpiry } from '@muster/security/refresh-decision'
import { newSessionSeed, parseRefreshToken, verifyRefreshToken } from '@muster/security/refresh-token'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { type RevocationDeps, revokeSessions } from './end-sessions.ts'
import { factorClaim, issueGrant, type SessionGrant, type TokenDeps } from './session-grant.ts'
import * as queries from './sessions.queries.ts'

export type OpenSessionDeps = TokenDeps & RevocationDeps & Pick<Deps, 'clock'>

const maxOpenSessions = 20

/**
 * Opens a session for a user whose identity is verified. It replaces the session that the browser held until now.
 * When the user has more than 20 open sessions, the least recently used ones end.
 */
export async function openSession(
  deps: OpenSessionDeps,
  tx: Pick<TransactContext, 'trx' | 'afterCommit'>,
  user: { id: string; role: Actor['role']; organizationId: string | null },
  { rememberMe, origin }: { rememberMe: boolean; origin: Origin },
): Promise<SessionGrant> {
  const { trx } = tx
  const now = deps.clock.now()
  const id = newId()
  const seed = newSessionSeed()
  const expiresAt = sessionExpiry({ createdAt: now, now, rememberMe })
  await endReplacedSession(deps, tx, origin, now)
  const open = await queries.listOpen(trx, user.id, now)
  const surplus = open.slice(maxOpenSessions - 1).map((session) => session.id)
  if (surplus.length > 0) await revokeSessions(deps, tx, surplus, { reason: 'too many sessions', now })
  await queries.insert(trx, {
    id,
    user_id: user.id,
    seed,
    rotated_at: now,
    is_remembered: rememberMe,
    user_agent: origin.userAgent ?? null,
    ip: origin.ip,
    created_at: now,
    last_used_at: now,
    expires_at: expiresAt,
  })
  const actor: Actor = {
    userId: user.id,
    sessionId: id,
    organizationId: user.organizationId,
    role: user.role,
    ...factorClaim(await queries.lockFactors(trx, user.id)),
  }
  return issueGrant(deps, actor, { seed, generation: 0, expiresAt })
}

/** Ends the session whose refresh token the browser sent along: the new cookies hide it from the user (ASVS 5, 7.2.4). */
async function endReplacedSession(
  deps: OpenSessionDeps,
  tx: Pick<TransactContext, 'trx' | 'afterCommit'>,
  { refreshCookie }: Origin,
  now: Date,
): Promise<void> {
  const token = parseRefreshToken(refreshCookie ?? '')
  const row = token && (await queries.findWithUser(tx.trx, token.sessionId))
  if (!row || !verifyRefreshToken(deps.config.keys.refreshToken, token, row)) return
  await revokeSessions(deps, tx, [row.id], { reason: 'replaced by a sign-in', now })
}
