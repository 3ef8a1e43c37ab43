import { displayEmailAddress } from '@muster/identifiers'
import type { User } from './accounts.schema.ts'
import type { UserRow } from './accounts.service.ts'
import { avatarUrlOf } from './avatar-url.ts'

/** Converts the row to the user's own profile at a moment in which they are online. */
export const toUser = (row: UserRow, now: Date): User => markOnline(toProfile(row), now)

/** Adds presence for a user who sends a request right now. */
export const markOnline = (user: User, now: Date): User => ({
  ...user,
  status: 'online',
  lastSeenAt: now.toISOString(),
})

/** Converts the row to the user's own profile without presence: `offline`, as it is cached. */
export function toProfile(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    name: row.name,
    email: displayEmailAddress(row.email),
    role: row.role as User['role'],
    organizationId: row.organization_id,
    bio: row.bio,
    avatarUrl: avatarUrlOf(row),
    timezone: row.timezone,
    status: 'offline',
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    twoFactorMethod: row.two_factor_method as User['twoFactorMethod'],
    hasPassword: row.password_hash !== null,
    authProviders: [...(row.password_hash ? ['local' as const] : []), ...(row.google_id ? ['google' as const] : [])],
    createdAt: row.created_at.toISOString(),
  }
}
