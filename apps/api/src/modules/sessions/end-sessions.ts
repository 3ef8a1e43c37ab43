import type { TransactContext } from '@muster/jobs/outbox'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import type { Revocations } from './revocations.ts'
import * as queries from './sessions.queries.ts'

/** The dependencies of ending a session, with which this API instance refuses its access tokens at once. */
export type RevocationDeps = { revocations: Pick<Revocations, 'noteRevoked'> }

/** Why several sessions end together, as their rows and audit events record it. */
export type EndReason =
  | 'signed out everywhere'
  | 'password changed'
  | 'password reset'
  | 'account deleted'
  | 'deactivated'
  | 'ended by an administrator'

type RevokeReason = EndReason | 'signed out' | 'too many sessions' | 'replaced by a sign-in' | 'refresh token reused'

/**
 * Ends all open sessions of a user, except the one to keep, or only one, and records an audit event for each. Their access tokens are
 * refused by this API instance after the commit, and by the others within a second. The caller has locked the user's row,
 * so that no sign-in runs in between.
 * @returns the number of sessions that ended
 */
export async function endSessions(
  deps: RevocationDeps,
  tx: Pick<TransactContext, 'trx' | 'audit' | 'afterCommit'>,
  userId: string,
  options: {
    exceptId?: string
    onlyId?: string
    reason: EndReason
    actorId: string | null
    origin?: Origin
    now: Date
  },
): Promise<number> {
  const { actorId, origin, ...which } = options
  const { reason } = which
  const ids = await queries.revokeAllOf(tx.trx, userId, which)
  refuseAfterCommit(deps, tx, ids)
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
  return ids.length
}

/**
 * Ends one session of the actor, with effect as in {@link endSessions}.
 * @returns false when the session is not the actor's, or had ended before
 */
export function endSession(
  deps: RevocationDeps & Pick<Deps, 'transact' | 'clock'>,
  actor: Actor,
  sessionId: string,
  origin: Origin,
): Promise<boolean> {
  return deps.transact(async (tx) => {
    const now = deps.clock.now()
    const isOwn = (await queries.listOpen(tx.trx, actor.userId, now)).some(({ id }) => id === sessionId)
    const ids = isOwn ? await revokeSessions(deps, tx, [sessionId], { reason: 'signed out', now }) : []
    for (const id of ids) {
      tx.audit({
        action: 'session.revoked',
        actorId: actor.userId,
        targetType: 'session',
        targetId: id,
        context: origin,
      })
    }
    return ids.length > 0
  })
}

/** Ends these sessions without an audit event, with effect as in {@link endSessions}. @returns the ids of those that were open */
export async function revokeSessions(
  deps: RevocationDeps,
  tx: Pick<TransactContext, 'trx' | 'afterCommit'>,
  ids: readonly string[],
  { reason, now }: { reason: RevokeReason; now: Date },
): Promise<string[]> {
  const ended = await queries.revoke(tx.trx, ids, reason, now)
  refuseAfterCommit(deps, tx, ended)
  return ended
}

function refuseAfterCommit(
  { revocations }: RevocationDeps,
  { afterCommit }: Pick<TransactContext, 'afterCommit'>,
  ids: readonly string[],
): void {
  afterCommit(async () => revocations.noteRevoked(ids))
}
