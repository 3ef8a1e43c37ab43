import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import { isActiveUser } from '@muster/policy'
import type { Actor } from '../../http/actor.ts'
import { lockUsers, type UserRow } from './accounts.service.ts'

/**
 * Locks the actor and the users whom they act on until the transaction ends, and reads the actor's current role and
 * organization: the claims of an access token may be a second old. Of two administrators who revoke each other's role at
 * once, only the first succeeds.
 * @returns the actor with current claims, and every locked user, the actor's own row too, by id
 * @throws DomainError SESSION_REVOKED when the actor was deactivated or requested deletion
 */
export async function lockActor(
  trx: Trx,
  actor: Actor,
  otherIds: readonly string[] = [],
): Promise<{ lockedActor: Actor; users: ReadonlyMap<string, UserRow> }> {
  const rows = await lockUsers(trx, [...new Set([actor.userId, ...otherIds])])
  const users = new Map(rows.map((row) => [row.id, row]))
  const self = users.get(actor.userId)
  if (!self || !isActiveUser(self)) throw new DomainError('SESSION_REVOKED')
  const lockedActor = { ...actor, role: self.role as Actor['role'], organizationId: self.organization_id }
  return { lockedActor, users }
}
