import type { PublicUser } from '@muster/client'
import type { ReactNode } from 'react'
import { Avatar } from '../../ui/avatar.tsx'
import { cx } from '../../ui/cx.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { presenceText, usePresence } from './presence.ts'

type Props = {
  person: PublicUser
  /** Stand beside the name. */
  badges?: ReactNode
  /** Stands instead of the presence. */
  note?: ReactNode
  /** Another line below, such as an address. */
  detail?: ReactNode
  actions?: ReactNode
}

/** A person of a list: picture, name, username, presence, and actions. */
export function PersonRow({ person, badges, note, detail, actions }: Props) {
  const presence = usePresence(person)
  const about = note ?? presenceText(presence)
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 shadow-[0_-1px_0_var(--color-line)] py-3 sm:px-5">
      <Avatar
        name={person.name}
        url={person.avatarUrl}
        presence={presence.status === 'online' ? 'online' : undefined}
      />
      <div className="min-w-0 flex-1 basis-36">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <bdi className="min-w-0 truncate font-medium">{person.name}</bdi>
          {badges}
        </p>
        <p className="flex flex-wrap gap-x-2.5 text-sm text-ink-3">
          <bdi className="min-w-0 truncate">@{person.username}</bdi>
          {about !== undefined && (
            <span className={cx(note === undefined && presence.status === 'online' && 'text-success')}>{about}</span>
          )}
        </p>
        {detail !== undefined && <p className="truncate text-sm text-ink-3">{detail}</p>}
      </div>
      {actions !== undefined && <div className="ms-auto flex items-center gap-1.5">{actions}</div>}
    </div>
  )
}

/** The place of a {@link PersonRow} that is loading, with or without its `detail`. */
export const PersonRowSkeleton = ({ hasDetail }: { hasDetail?: boolean | undefined }) => (
  <div
    className={cx(
      'flex items-center gap-3 px-4 shadow-[0_-1px_0_var(--color-line)] sm:px-5',
      hasDetail ? 'h-22' : 'h-17',
    )}
  >
    <Skeleton className="size-10 rounded-full!" />
    <span className="flex flex-1 flex-col gap-2">
      <Skeleton className="h-4 w-2/5" />
      <Skeleton className="h-3 w-1/4" />
      {hasDetail && <Skeleton className="h-3 w-1/3" />}
    </span>
  </div>
)
