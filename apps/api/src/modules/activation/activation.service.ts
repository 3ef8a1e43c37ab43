import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Origin } from '../../http/actor.ts'
import * as queries from '../accounts/accounts.queries.ts'
import { endSessions, type RevocationDeps } from '../sessions/end-sessions.ts'

/**
 * Who decides: a client_admin for the organization, or the platform, for which an administrator acts, or without a session
 * an operator at the machine.
 */
export type Decision = { by: 'organization' | 'platform'; actorId: string | null; origin?: Origin; now: Date }

const noted = ({ by, actorId }: Decision) => (actorId === null ? 'operator' : by)

/**
 * Takes an account out of use and ends its sessions. The caller has locked the row and drops the cached profile after the
 * commit. What an organization decided the platform may decide again, and then it holds.
 */
export async function deactivate(
  deps: RevocationDeps,
  tx: Pick<TransactContext, 'trx' | 'audit' | 'afterCommit'>,
  user: Pick<queries.UserRow, 'id' | 'is_active' | 'deactivated_by'>,
  decision: Decision,
): Promise<void> {
  const { by, actorId, origin, now } = decision
  if (!user.is_active && (user.deactivated_by === by || by === 'organization')) return
  await queries.setActive(tx.trx, user.id, { isActive: false, deactivatedBy: by }, now)
  tx.audit({
    action: 'user.deactivated',
    actorId,
    targetType: 'user',
    targetId: user.id,
    before: { isActive: user.is_active },
    after: { isActive: false, by: noted(decision) },
    context: origin,
  })
  await endSessions(deps, tx, user.id, { reason: 'deactivated', actorId, origin, now })
}

/**
 * Puts an account back into use. The caller has locked the row and drops the cached profile.
 * @throws DomainError FORBIDDEN for an organization that would undo what the platform decided
 */
export async function reactivate(
  tx: Pick<TransactContext, 'trx' | 'audit'>,
  user: Pick<queries.UserRow, 'id' | 'is_active' | 'deactivated_by'>,
  decision: Decision,
): Promise<void> {
  const { by, actorId, origin, now } = decision
  if (user.is_active) return
  if (by === 'organization' && user.deactivated_by === 'platform')
    throw new DomainError('FORBIDDEN', {
      message: 'This account was deactivated by the platform, which alone can reactivate it.',
    })
  await queries.setActive(tx.trx, user.id, { isActive: true, deactivatedBy: null }, now)
  tx.audit({
    action: 'user.reactivated',
    actorId,
    targetType: 'user',
    targetId: user.id,
    before: { isActive: false },
    after: { isActive: true, by: noted(decision) },
    context: origin,
  })
}
