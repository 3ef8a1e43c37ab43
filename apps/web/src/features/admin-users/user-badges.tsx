import type { AdminUser } from '@muster/client'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'

/** The state of a user in words, where it is not simply active. */
export function UserBadges({ user }: { user: Pick<AdminUser, 'isActive' | 'deactivatedBy' | 'deletionRequestedAt'> }) {
  return (
    <>
      {!user.isActive && (
        <Badge tone="warning">
          {user.deactivatedBy === 'organization' ? m.ops_people_inactive_by_organization() : m.ops_people_inactive()}
        </Badge>
      )}
      {user.deletionRequestedAt !== null && <Badge tone="danger">{m.ops_people_being_deleted()}</Badge>}
    </>
  )
}
