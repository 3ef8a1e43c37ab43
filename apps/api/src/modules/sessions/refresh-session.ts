import { DomainError } from '@muster/errors'
import { decideRefresh, sessionExpiry } from '@muster/security/refresh-decision'
import { parseRefreshToken, verifyRefreshToken } from '@muster/security/refresh-token'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import type { SecretGuard } from '../../http/limits/secret-guard.ts'
import { sendSecurityAlert } from '../security-events/security-alert.ts'
import { securityEventDetails } from '../security-events/security-event-details.ts'
import { type RevocationDeps, revokeSessions } from './end-sessions.ts'
import { actorOf, issueGrant, type SessionGrant, type TokenDeps } from './session-grant.ts'
import * as queries from './sessions.queries.ts'

export type RefreshDeps = TokenDeps & RevocationDeps & Pick<Deps, 'db' | 'transact' | 'clock'> & { guard: SecretGuard }

/** A request that loses the race for a rotation decides once more. Losing that one too means that something is wrong. */
const maxDecisions = 3

/**
 * Exchanges a refresh token for new tokens: rotates it, or answers the same successor again within the grace, or ends the
 * session when the token was superseded longer ago. Fifty requests at once cause one rotation and get one successor.
 * @throws DomainError SESSION_REVOKED, UNAUTHENTICATED, RATE_LIMITED (rotations; replays don't count), OVERLOADED
 */
export async function refreshSession(deps: RefreshDeps, token: string, origin: Origin): Promise<SessionGrant> {
  const parsed = parseRefreshToken(token)
  if (!parsed) throw new DomainError('UNAUTHENTICATED')
  for (let decisions = 0; decisions < maxDecisions; decisions++) {
    const row = await queries.findWithUser(deps.db, parsed.sessionId)
    if (!row || !verifyRefreshToken(deps.config.keys.refreshToken, parsed, row))
      throw new DomainError('UNAUTHENTICATED')
    const now = deps.clock.now()
    const decision = decideRefresh({ session: stateOf(row), presentedN: parsed.n, now })
    switch (decision.outcome) {
      case 'current-young':
        if (decision.markSeen) await queries.markSuccessorSeen(deps.db, row.id, row.generation)
        return grant(deps, row, decision.answerN, row.expires_at)
      case 'replay-successor':
        return grant(deps, row, decision.answerN, row.expires_at)
      case 'rotate': {
        await deps.guard.count('refresh', row.id, String(row.generation))
        const expiresAt = sessionExpiry({ createdAt: row.created_at, now, rememberMe: row.is_remembered })
        const next = { now, expiresAt, ip: origin.ip, userAgent: origin.userAgent ?? null }
        if (await queries.rotate(deps.db, row.id, row.generation, next)) {
          return grant(deps, row, decision.answerN, expiresAt)
        }
        break
      }
      case 'reuse':
        await endReusedSession(deps, row, parsed.n, origin)
        throw new DomainError('SESSION_REVOKED')
      default:
        throw new DomainError('SESSION_REVOKED')
    }
  }
  throw new DomainError('OVERLOADED', { retryAfterSeconds: 1 })
}

/**
 * Reads the actor of a valid refresh token without any effect: the token is not rotated, and the session does not end.
 * @throws DomainError SESSION_REVOKED, UNAUTHENTICATED
 */
export async function readTokenHolder(
  deps: Pick<RefreshDeps, 'db' | 'config' | 'clock'>,
  token: string,
): Promise<Actor> {
  const parsed = parseRefreshToken(token)
  const row = parsed && (await queries.findWithUser(deps.db, parsed.sessionId))
  if (!row || !verifyRefreshToken(deps.config.keys.refreshToken, parsed, row)) throw new DomainError('UNAUTHENTICATED')
  const { outcome } = decideRefresh({ session: stateOf(row), presentedN: parsed.n, now: deps.clock.now() })
  const isGood = outcome === 'current-young' || outcome === 'replay-successor' || outcome === 'rotate'
  if (!isGood || !row.is_active) throw new DomainError('SESSION_REVOKED')
  return actorOf(row)
}

/** Ends the session whose superseded token came back, and alerts its user: two parties hold its tokens, so neither keeps it. */
function endReusedSession(
  deps: RefreshDeps,
  row: queries.SessionRow,
  presentedN: number,
  origin: Origin,
): Promise<void> {
  const now = deps.clock.now()
  return deps.transact(async (tx) => {
    const ended = await revokeSessions(deps, tx, [row.id], { reason: 'refresh token reused', now })
    // Of many requests that detect the reuse at once, only the one that ended the session records it.
    if (ended.length === 0) return
    tx.audit({
      action: 'session.refresh_reused',
      actorId: row.user_id,
      targetType: 'session',
      targetId: row.id,
      after: { presentedGeneration: presentedN, currentGeneration: row.generation },
      context: origin,
    })
    const owner = await queries.findOwner(tx.trx, row.user_id)
    if (owner) {
      const data = securityEventDetails(owner, origin, now)
      await sendSecurityAlert(tx, { id: row.user_id, email: owner.email }, { template: 'session-compromised', data })
    }
  })
}

function grant(deps: RefreshDeps, row: queries.SessionRow, generation: number, expiresAt: Date): SessionGrant {
  if (!row.is_active) throw new DomainError('SESSION_REVOKED')
  return issueGrant(deps, actorOf(row), { seed: row.seed, generation, expiresAt })
}

function stateOf(row: queries.SessionRow) {
  return {
    n: row.generation,
    rotatedAt: row.rotated_at,
    successorSeen: row.successor_seen,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }
}
