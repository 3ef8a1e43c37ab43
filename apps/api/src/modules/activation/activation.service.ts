import type { Invalidator } from '@muster/cache'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Origin } from '../../http/actor.ts'
import { setActive, type UserRow } from '../accounts/accounts.service.ts'
import { endSessions, type RevocationDeps } from '../sessions/end-sessions.ts'

type Tx = Pick<TransactContext, 'trx' | 'audit' | 'afterCommit'>

/**
 * The principal who deactivates or reactivates an account: a client_admin for the organization, or an administrator for
 * the platform. Without an actor it is an operator on the command line. The audit log keeps their note.
 */
export type Decision = {
  by: 'organization' | 'platform'
  actorId: string | null
  origin?: Origin
  note?: string | undefined
  now: Date
}

/** Returns the fields of an audit event that tell who decided, and why. */
const auditedBy = ({ by, actorId, note }: Decision) => ({
  by: actorId === null ? 'operator' : by,
  ...(note && { note }),
})

/**
 * Deactivates an account and ends its sessions. The caller has locked the row. An account that its organization
 * deactivated can be deactivated once more by the platform, whose decision then holds.
 */
export async function deactivate(
  deps: Invalidator & RevocationDeps,
  tx: Tx,
  user: Pick<UserRow, 'id' | 'is_active' | 'deactivated_by'>,
  decision: Decision,
): Promise<void> {
  const { by, actorId, origin, now } = decision
  if (!user.is_active && (user.deactivated_by === by || by === 'organization')) return
  await setActive(deps, tx, user.id, { isActive: false, deactivatedBy: by }, now)
  tx.audit({
    action: 'user.deactivated',
    actorId,
    targetType: 'user',
    targetId: user.id,
    before: { isActive: user.is_active },
    after: { isActive: false, ...auditedBy(decision) },
    context: origin,
  })
  await endSessions(deps, tx, user.id, { reason: 'deactivated', actorId, origin, now })
}

/**
 * Reactivates an account. The caller has locked the row.
 * @throws DomainError FORBIDDEN for an organization when the platform deactivated the account
 */
export async function reactivate(
  deps: Invalidator,
  tx: Tx,
  user: Pick<UserRow, 'id' | 'is_active' | 'deactivated_by'>,
  decision: Decision,
): Promise<void> {
  const { by, actorId, origin, now } = decision
  if (user.is_active) return
  if (by === 'organization' && user.deactivated_by === 'platform')
    throw new DomainError('FORBIDDEN', {
      message: 'This account was deactivated by the platform, and only the platform can reactivate it.',
    })
  await setActive(deps, tx, user.id, { isActive: true, deactivatedBy: null }, now)
  tx.audit({
    action: 'user.reactivated',
    actorId,
    targetType: 'user',
    targetId: user.id,
    before: { isActive: false },
    after: { isActive: true, ...auditedBy(decision) },
    context: origin,
  })
}
