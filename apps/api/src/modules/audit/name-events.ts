import type { Db } from '@muster/db'
import { isUuid } from '@muster/identifiers'
import { findUserSummaries } from '../accounts/user-summary.ts'
import { findOrganizationNames } from '../organizations/organizations.service.ts'
import type { AuditEventView, ListedAuditEvent } from './audit.schema.ts'

/** Adds the present names of actors, users and organizations, by two statements for a whole page. */
export async function nameEvents(db: Db, events: readonly AuditEventView[]): Promise<ListedAuditEvent[]> {
  const targetIds = (type: string) =>
    events.filter(({ targetType, targetId }) => targetType === type && isUuid(targetId)).map(({ targetId }) => targetId)
  const userIds = [...events.flatMap(({ actorId }) => actorId ?? []), ...targetIds('user')]
  const [users, organizations] = await Promise.all([
    findUserSummaries(db, userIds),
    findOrganizationNames(db, targetIds('organization')),
  ])
  const nameOf = ({ targetType, targetId }: AuditEventView) => {
    if (targetType === 'user') return users.get(targetId)?.name ?? null
    return targetType === 'organization' ? (organizations.get(targetId) ?? null) : null
  }
  return events.map((event) => ({
    ...event,
    actor: users.get(event.actorId ?? '') ?? null,
    target: { type: event.targetType, id: event.targetId, name: nameOf(event) },
  }))
}
