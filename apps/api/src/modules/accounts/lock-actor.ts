import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import { isActiveUser } from '@muster/policy'
import type { Actor } from '../../http/actor.ts'
import { lockPeople, type UserRow } from './accounts.queries.ts'

/**
 * Who acts, and whom they act on, as they are now and stay until the transaction ends: what an access token says of its
 * person may be a second old. Of two who take each other's rights only the first one succeeds.
 * @returns the actor with today's role and organization, and the other people who exist, by their ids
 * @throws DomainError SESSION_REVOKED when the actor was deactivated or is about to be deleted
 */
export async function lockActing(
  trx: Trx,
  actor: Actor,
  otherIds: readonly string[] = [],
): Promise<{ acting: Actor; people: ReadonlyMap<string, UserRow> }> {
  const rows = await lockPeople(trx, [...new Set([actor.userId, ...otherIds])])
  const people = new Map(rows.map((row) => [row.id, row]))
  const self = people.get(actor.userId)
  if (!self || !isActiveUser(self)) throw new DomainError('SESSION_REVOKED')
  return { acting: { ...actor, role: self.role as Actor['role'], organizationId: self.organization_id }, people }
}
