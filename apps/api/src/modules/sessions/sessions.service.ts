import { newId, type Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import {
  decideRefresh,
  issueRefreshToken,
  newSessionSeed,
  parseRefreshToken,
  sessionExpiry,
  verifyRefreshToken,
} from '@muster/security'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import type { SecretGuard } from '../../http/secret-guard.ts'
import { happened } from '../security-events/event-details.ts'
import { tellOfSafety } from '../security-events/security-alert.ts'
import type { AccessTokens } from './access-tokens.ts'
import * as queries from './sessions.queries.ts'

/** What a sign-in or refresh hands out. */
export type SessionGrant = {
  actor: Actor
  accessToken: string
  refreshToken: string
  /** When the refresh token stops being good if it is not used before. */
  expiresAt: Date
  /** The signed device cookie; only a sign-in hands one out. */
  device?: string
}

type SessionDeps = Pick<Deps, 'db' | 'transact' | 'config' | 'clock' | 'revocations'> & {
  accessTokens: AccessTokens
  guard: SecretGuard
}
type SessionRow = NonNullable<Awaited<ReturnType<typeof queries.findWithUser>>>

const maxOpenSessions = 20
/** Losing the race for a rotation leads to at most one more decision, losing that one means that something is odd. */
const maxDecisions = 3

/**
 * Opens a session for a person who has proven who they are. The one that the browser held until now ends with it, and
 * beyond 20 open ones the least recently used.
 */
export async function openSession(
  { config, clock, accessTokens }: Pick<SessionDeps, 'config' | 'clock' | 'accessTokens'>,
  trx: Trx,
  user: { id: string; role: Actor['role']; organizationId: string | null },
  options: { rememberMe: boolean; origin: Origin },
): Promise<SessionGrant> {
  const now = clock.now()
  const id = newId()
  const seed = newSessionSeed()
  const expiresAt = sessionExpiry({ createdAt: now, now, rememberMe: options.rememberMe })
  await endReplacedSession(config, trx, options.origin, now)
  const open = await queries.listOpen(trx, user.id, now)
  const surplus = open.slice(maxOpenSessions - 1).map((session) => session.id)
  if (surplus.length > 0) await queries.revoke(trx, surplus, 'too many sessions', now)
  await queries.insert(trx, {
    id,
    user_id: user.id,
    seed,
    rotated_at: now,
    is_remembered: options.rememberMe,
    user_agent: options.origin.userAgent ?? null,
    ip: options.origin.ip,
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
  return {
    actor,
    accessToken: accessTokens.sign(actor),
    refreshToken: issueRefreshToken(config.keys.refreshToken, { id, seed }, 0),
    expiresAt,
  }
}

/** A browser has one session: what a sign-in replaces must not live on where nobody sees it (ASVS 5, 7.2.4). */
async function endReplacedSession(
  config: Deps['config'],
  trx: Trx,
  { refreshCookie }: Origin,
  now: Date,
): Promise<void> {
  const token = parseRefreshToken(refreshCookie ?? '')
  const row = token && (await queries.findWithUser(trx, token.sessionId))
  if (!row || !verifyRefreshToken(config.keys.refreshToken, token, row)) return
  await queries.revoke(trx, [row.id], 'replaced by a sign-in', now)
}

/**
 * Answers a refresh token: rotates it, or gives the same successor again, or ends the session when the token was left
 * behind. Fifty at once make one rotation and all get one successor.
 * @throws DomainError SESSION_REVOKED, UNAUTHENTICATED, RATE_LIMITED (rotations; replays don't count)
 */
export async function refreshSession(deps: SessionDeps, token: string, origin: Origin): Promise<SessionGrant> {
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
 * Reads whose good refresh token this is, and changes nothing: it neither rotates nor ends the session.
 * @throws DomainError SESSION_REVOKED, UNAUTHENTICATED
 */
export async function holderOf(deps: Pick<SessionDeps, 'db' | 'config' | 'clock'>, token: string): Promise<Actor> {
  const parsed = parseRefreshToken(token)
  const row = parsed && (await queries.findWithUser(deps.db, parsed.sessionId))
  if (!row || !verifyRefreshToken(deps.config.keys.refreshToken, parsed, row)) throw new DomainError('UNAUTHENTICATED')
  const { outcome } = decideRefresh({ session: stateOf(row), presentedN: parsed.n, now: deps.clock.now() })
  const isGood = outcome === 'current-young' || outcome === 'replay-successor' || outcome === 'rotate'
  if (!isGood || !row.is_active) throw new DomainError('SESSION_REVOKED')
  return actorOf(row)
}

/**
 * A new access token for the session that asks, e.g. because its person just set up what they lacked. The refresh token
 * stays as it is.
 * @throws DomainError SESSION_REVOKED
 */
export async function renewAccess(
  deps: SessionDeps,
  { sessionId }: Actor,
): Promise<Pick<SessionGrant, 'accessToken' | 'expiresAt'>> {
  const row = await queries.findWithUser(deps.db, sessionId)
  if (!row || row.revoked_at) throw new DomainError('SESSION_REVOKED')
  return grant(deps, row, row.generation, row.expires_at)
}

/** Ends one session of the person. @throws DomainError NOT_FOUND when it is not theirs or has ended */
export async function revokeSession(
  deps: Pick<Deps, 'transact' | 'clock' | 'revocations'>,
  actor: Actor,
  sessionId: string,
  origin: Origin,
): Promise<void> {
  if (!(await endSession(deps, actor, sessionId, origin))) throw new DomainError('NOT_FOUND')
}

/** Ends the person's session. @returns false when it is not theirs, or had ended before */
export async function endSession(
  deps: Pick<Deps, 'transact' | 'clock' | 'revocations'>,
  actor: Actor,
  sessionId: string,
  origin: Origin,
): Promise<boolean> {
  const ended = await deps.transact(async ({ trx, audit }) => {
    const now = deps.clock.now()
    const isOwn = (await queries.listOpen(trx, actor.userId, now)).some(({ id }) => id === sessionId)
    const ids = isOwn ? await queries.revoke(trx, [sessionId], 'signed out', now) : []
    for (const id of ids) {
      audit({ action: 'session.revoked', actorId: actor.userId, targetType: 'session', targetId: id, context: origin })
    }
    return ids
  })
  deps.revocations.noteRevoked(ended)
  return ended.length > 0
}

/** Why sessions end together, as their rows and audit events say it. */
export type EndReason =
  | 'signed out everywhere'
  | 'password changed'
  | 'password reset'
  | 'account deleted'
  | 'deactivated'
  | 'ended by an administrator'

/**
 * Ends a person's sessions in the caller's transaction, each with its audit event. The caller locks the person's row
 * before, so that no sign-in comes in between, and calls `revocations.noteRevoked` after the commit.
 * @param exceptId the one to keep
 * @returns the ids of those that ended
 */
export async function endSessions(
  tx: Pick<TransactContext, 'trx' | 'audit'>,
  userId: string,
  options: { exceptId?: string; reason: EndReason; actorId: string | null; origin?: Origin; now: Date },
): Promise<string[]> {
  const { exceptId, reason, actorId, origin, now } = options
  const ids = await queries.revokeAllOf(tx.trx, userId, { exceptId, reason, now })
  for (const id of ids) {
    tx.audit({
      action: 'session.revoked',
      actorId,
      targetType: 'session',
      targetId: id,
      after: { reason },
      context: origin,
    })
  }
  return ids
}

/** When the person proved who they are for this session. @throws DomainError SESSION_REVOKED */
export async function sessionBeganAt({ db }: { db: Deps['db'] | Trx }, { sessionId }: Actor): Promise<Date> {
  const row = await queries.findWithUser(db, sessionId)
  if (!row || row.revoked_at) throw new DomainError('SESSION_REVOKED')
  return row.created_at
}

/** The person's open sessions, the last used first. */
export async function listSessions({ db, clock }: Pick<Deps, 'db' | 'clock'>, actor: Actor) {
  const rows = await queries.listOpen(db, actor.userId, clock.now())
  return rows.map((row) => ({
    id: row.id,
    userAgent: row.user_agent,
    ip: row.ip,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    current: row.id === actor.sessionId,
  }))
}

/** A token that its owner left behind came back: somebody has a copy, so nobody keeps the session. */
async function endReusedSession(
  deps: Pick<Deps, 'transact' | 'clock' | 'revocations'>,
  row: SessionRow,
  presentedN: number,
  origin: Origin,
): Promise<void> {
  const now = deps.clock.now()
  const ended = await deps.transact(async (tx) => {
    const ids = await queries.revoke(tx.trx, [row.id], 'refresh token reused', now)
    // Of many that find out at once, the one that ended it tells.
    if (ids.length === 0) return ids
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
      const data = happened(owner, origin, now)
      await tellOfSafety(tx, { id: row.user_id, email: owner.email }, { template: 'session-compromised', data })
    }
    return ids
  })
  deps.revocations.noteRevoked(ended)
}

function grant({ config, accessTokens }: SessionDeps, row: SessionRow, n: number, expiresAt: Date): SessionGrant {
  if (!row.is_active) throw new DomainError('SESSION_REVOKED')
  const actor = actorOf(row)
  return {
    actor,
    accessToken: accessTokens.sign(actor),
    refreshToken: issueRefreshToken(config.keys.refreshToken, row, n),
    expiresAt,
  }
}

const actorOf = (row: SessionRow): Actor => ({
  userId: row.user_id,
  sessionId: row.id,
  organizationId: row.organization_id,
  role: row.role as Actor['role'],
  ...factorClaim(row),
})

/** An authenticator app satisfies an organization that asks for the mailed code, not the reverse. */
function factorClaim(
  factors: { own_factor: string; required_factor: string | null } | undefined,
): Pick<Actor, 'lacksFactor'> {
  const { own_factor: own = 'none', required_factor: required } = factors ?? {}
  const isEnough = !required || required === 'none' || own === 'totp' || own === required
  return isEnough ? {} : { lacksFactor: true }
}

function stateOf(row: SessionRow) {
  return {
    n: row.generation,
    rotatedAt: row.rotated_at,
    successorSeen: row.successor_seen,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }
}
