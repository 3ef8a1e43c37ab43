import { invalidateProfile } from '@muster/cache'
import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { deviceOf } from '../../http/device-name.ts'
import { lockUser } from '../accounts/accounts.service.ts'
import { endSession, endSessions, type RevocationDeps } from './end-sessions.ts'
import * as queries from './sessions.queries.ts'

type SessionDeps = RevocationDeps & Pick<Deps, 'transact' | 'clock'>

/** Lists the actor's open sessions, the last used first. */
export async function listSessions({ db, clock }: Pick<Deps, 'db' | 'clock'>, actor: Actor) {
  const rows = await queries.listOpen(db, actor.userId, clock.now())
  return rows.map((row) => ({ ...toSession(row), current: row.id === actor.sessionId }))
}

/** Lists a user's open sessions, the last used first, and the `limit` sessions that were opened last of those that have ended. */
export async function listSessionsOf(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  userId: string,
  { limit }: { limit: number },
) {
  const now = clock.now()
  const [open, ended] = await Promise.all([
    queries.listOpen(db, userId, now),
    queries.listEnded(db, userId, { now, limit }),
  ])
  return {
    open: open.map(toSession),
    ended: ended.map((row) => ({
      ...toSession(row),
      endedAt: (row.revoked_at ?? row.expires_at).toISOString(),
      endReason: row.revoked_at ? row.revoked_reason : 'expired',
    })),
  }
}

type ShownRow = Awaited<ReturnType<typeof queries.listOpen>>[number]
const toSession = (row: ShownRow) => ({
  id: row.id,
  device: deviceOf(row.user_agent),
  userAgent: row.user_agent,
  ip: row.ip,
  createdAt: row.created_at.toISOString(),
  lastUsedAt: row.last_used_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
})

/** Ends one session of the actor. @throws DomainError NOT_FOUND when it is not theirs or has ended */
export async function revokeSession(deps: SessionDeps, actor: Actor, sessionId: string, origin: Origin): Promise<void> {
  if (!(await endSession(deps, actor, sessionId, origin))) throw new DomainError('NOT_FOUND')
}

/** Ends the actor's own session. Of two tabs that sign out at once, both succeed. */
export async function logout(deps: SessionDeps & Pick<Deps, 'cache'>, actor: Actor, origin: Origin): Promise<void> {
  await endSession(deps, actor, actor.sessionId, origin)
  await invalidateProfile(deps, actor.userId)
}

/** Ends every session of the actor, the current one too. */
export async function logoutAll(
  deps: SessionDeps & Pick<Deps, 'cache'>,
  { userId }: Actor,
  origin: Origin,
): Promise<void> {
  await deps.transact(async (tx) => {
    await lockUser(tx.trx, userId)
    const now = deps.clock.now()
    await endSessions(deps, tx, userId, { reason: 'signed out everywhere', actorId: userId, origin, now })
    tx.afterCommit(() => invalidateProfile(deps, userId))
  })
}

/** Reads when the actor's session began, i.e. when the user last signed in on it. @throws DomainError SESSION_REVOKED */
export async function sessionBeganAt({ db }: { db: Deps['db'] | Trx }, { sessionId }: Actor): Promise<Date> {
  const row = await queries.findWithUser(db, sessionId)
  if (!row || row.revoked_at) throw new DomainError('SESSION_REVOKED')
  return row.created_at
}
