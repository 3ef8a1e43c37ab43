import type { AdminUser } from '@muster/client'
import { Link } from '@tanstack/react-router'
import { Avatar } from '../../ui/avatar.tsx'
import { roleName } from '../invites/roles.ts'
import { UserBadges } from './user-badges.tsx'

/** A user of a list: picture, name, address, role and organization. The whole name is the link. */
export function UserRow({ user }: { user: AdminUser }) {
  return (
    <div className="relative flex items-center gap-3 px-4 py-3 shadow-[0_-1px_0_var(--color-line)] hover:bg-raised/50 sm:px-5">
      <Avatar name={user.name} url={user.avatarUrl} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Link
            to="/ops/people/$userId"
            params={{ userId: user.id }}
            className="min-w-0 truncate font-medium after:absolute after:inset-0"
          >
            <bdi>{user.name}</bdi>
          </Link>
          <UserBadges user={user} />
        </p>
        <p className="flex flex-wrap gap-x-2.5 text-sm text-ink-3">
          <bdi className="min-w-0 truncate">@{user.username}</bdi>
          <bdi className="min-w-0 truncate">{user.email}</bdi>
        </p>
        <p className="truncate text-sm text-ink-3">
          {roleName(user.role)}
          {user.organizationName !== null && (
            <>
              {' · '}
              <bdi>{user.organizationName}</bdi>
            </>
          )}
        </p>
      </div>
    </div>
  )
}
