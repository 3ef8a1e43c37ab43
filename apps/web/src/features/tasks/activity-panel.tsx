import type { TaskActivity } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { formatInstant, formatRelative } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { SkeletonText } from '../../ui/skeleton.tsx'
import { fieldLabel, fieldValue } from './fields.ts'
import { activityQuery } from './queries.ts'

const eventText = ({ event, filename }: TaskActivity): string =>
  event === 'fileAdded'
    ? m.tasks_activity_file({ name: filename ?? '' })
    : {
        created: m.tasks_activity_created,
        changed: m.tasks_activity_changed,
        completed: m.tasks_activity_completed,
        reopened: m.tasks_activity_reopened,
      }[event]()

/** The events of a task, the newest first. */
export function ActivityPanel({ taskId, timeZone }: { taskId: string; timeZone: string }) {
  const activity = useInfiniteQuery(activityQuery(taskId))
  const items = activity.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card title={m.tasks_activity()}>
      {activity.isPending && <SkeletonText lines={4} />}
      {activity.isError && <ErrorState error={activity.error} onRetry={() => activity.refetch()} className="py-4" />}
      <ol className="flex flex-col gap-4">
        {items.map((item) => (
          <li key={item.id} className="flex gap-3">
            <Avatar name={item.actor?.name ?? '?'} url={item.actor?.avatarUrl} size="sm" />
            <div className="min-w-0 flex-1 text-[0.9375rem]">
              <p className="break-words">
                <bdi className="font-medium">{item.actor?.name ?? m.tasks_activity_somebody()}</bdi> · {eventText(item)}
              </p>
              {item.changes.map(({ field, before, after }) => (
                <p key={field} className="text-sm break-words text-ink-2">
                  {after === undefined
                    ? fieldLabel(field)
                    : m.tasks_activity_change({
                        field: fieldLabel(field),
                        before: fieldValue(field, before ?? null, timeZone),
                        after: fieldValue(field, after, timeZone),
                      })}
                </p>
              ))}
              <time
                dateTime={item.createdAt}
                title={formatInstant(item.createdAt, { timeZone, dateStyle: 'full', timeStyle: 'short' })}
                className="text-sm text-ink-3"
              >
                {formatRelative(item.createdAt)}
              </time>
            </div>
          </li>
        ))}
      </ol>
      <LoadMore
        isAutomatic={false}
        hasMore={activity.hasNextPage}
        isLoading={activity.isFetchingNextPage}
        onLoadMore={() => void activity.fetchNextPage()}
      />
    </Card>
  )
}
