import type { AdminUser } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { formatInstant } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { RadioGroup } from '../../ui/radio-group.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { authorOf } from '../audit/author.ts'
import { RequestLink } from '../request-trace/request-link.tsx'
import { userLogQuery } from './queries.ts'

type Side = 'to' | 'by'
type Props = { user: AdminUser; timeZone: string; side: Side; onSide: (side: Side) => void }

/** The audit log of a person: what was done to the account, or what they did. */
export function LogView({ user, timeZone, side, onSide }: Props) {
  const log = useInfiniteQuery(userLogQuery(user.id, side))
  const events = log.data?.pages.flatMap((page) => page.items)
  return (
    <Card
      isFlush
      title={m.ops_people_log()}
      description={side === 'to' ? m.ops_people_log_to_text() : m.ops_people_log_by_text()}
      actions={
        <RadioGroup<Side>
          look="segments"
          isLabelHidden
          label={m.ops_people_log_side()}
          value={side}
          options={[
            { value: 'to', label: m.ops_people_log_to() },
            { value: 'by', label: m.ops_people_log_by() },
          ]}
          onChange={onSide}
        />
      }
    >
      {events?.length === 0 && <p className="px-5 pb-5 text-ink-3 sm:px-6">{m.ops_people_log_empty()}</p>}
      {events && (
        <ol>
          {events.map((event) => (
            <li key={event.id} className="border-t border-line px-5 py-3.5 sm:px-6">
              <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
                <code className="font-mono text-sm font-medium break-all">{event.action}</code>
                {side === 'to' ? (
                  <bdi className="text-sm text-ink-2">{authorOf(event)}</bdi>
                ) : (
                  <span className="text-sm text-ink-2">
                    {event.target.type} <bdi className="break-all">{event.target.name ?? event.target.id}</bdi>
                  </span>
                )}
                <RequestLink requestId={event.requestId} />
                <time dateTime={event.createdAt} className="ms-auto text-sm text-ink-3">
                  {formatInstant(event.createdAt, { timeZone, dateStyle: 'medium', timeStyle: 'medium' })}
                </time>
              </p>
              <p className="truncate text-sm text-ink-3">
                {/* Which of several people at an account it was, often only these tell. */}
                <bdi>{[event.ip, event.userAgent].filter(Boolean).join(' · ')}</bdi>
              </p>
              <Note of={event.after} />
            </li>
          ))}
        </ol>
      )}
      {!events && log.error && <ErrorState error={log.error} onRetry={log.refetch} />}
      {!events && !log.error && <Skeleton className="mx-5 mb-5 h-40 sm:mx-6" />}
      <LoadMore
        hasMore={log.hasNextPage}
        isLoading={log.isFetchingNextPage}
        onLoadMore={() => void log.fetchNextPage()}
        isAutomatic={false}
      />
    </Card>
  )
}

/** Why something was done, where the event tells it. */
function Note({ of }: { of: unknown }) {
  const note = typeof of === 'object' && of !== null && 'note' in of ? of.note : undefined
  if (typeof note !== 'string') return null
  return (
    <p dir="auto" className="text-sm break-words text-ink-2">
      {note}
    </p>
  )
}
