import type { AccessLogEntry } from '@muster/client'
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { formatInstant } from '../../lib/dates.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'

const accessLogQuery = infiniteQueryOptions({
  queryKey: ['users', 'access-log'],
  initialPageParam: undefined as string | undefined,
  async queryFn({ pageParam, signal }) {
    const cursor = pageParam === undefined ? {} : { cursor: pageParam }
    const { items, pagination } = await muster.users.accessLog({ limit: 25, ...cursor }, { signal })
    return { items, nextCursor: pagination.nextCursor }
  },
  getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
})

const subjects: Record<AccessLogEntry['subject'], () => string> = {
  profile: m.privacy_subject_profile,
  mail: m.privacy_subject_mail,
  report: m.privacy_subject_report,
  role: m.privacy_subject_role,
  activation: m.privacy_subject_activation,
  membership: m.privacy_subject_membership,
  sessions: m.privacy_subject_sessions,
  secondFactor: m.privacy_subject_second_factor,
}

/** Tells who looked at the data of the person, or changed it. */
export function AccessLogCard({ timeZone }: { timeZone: string }) {
  const log = useInfiniteQuery(accessLogQuery)
  const entries = log.data?.pages.flatMap(({ items }) => items)
  return (
    <Card isFlush title={m.privacy_log()} description={m.privacy_log_text()}>
      {/* A page can be empty although older entries follow. */}
      {entries?.length === 0 && !log.hasNextPage && (
        <p className="px-5 pt-1 pb-5 text-ink-3 sm:px-6">{m.privacy_log_empty()}</p>
      )}
      {entries && entries.length > 0 && (
        <ul>
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} timeZone={timeZone} />
          ))}
        </ul>
      )}
      {!entries && !log.error && <Skeleton className="mx-5 mb-5 h-24 sm:mx-6" />}
      {!entries && log.error && <ErrorState error={log.error} onRetry={log.refetch} />}
      <LoadMore
        hasMore={log.hasNextPage}
        isLoading={log.isFetchingNextPage}
        onLoadMore={() => void log.fetchNextPage()}
        isAutomatic={false}
      />
    </Card>
  )
}

function Entry({ entry, timeZone }: { entry: AccessLogEntry; timeZone: string }) {
  const { access, subject, isList, actor, createdAt } = entry
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-line px-5 py-3 sm:px-6">
      <div className="min-w-0">
        <p className="font-medium break-words">{actor ? <bdi>{actor.name}</bdi> : m.privacy_actor_operator()}</p>
        <p className="text-sm text-ink-3">
          {subjects[subject]()}
          {isList && ` · ${m.privacy_in_list()}`}
        </p>
      </div>
      <div className="flex items-center gap-3 text-sm text-ink-3">
        <Badge tone={access === 'changed' ? 'warning' : 'neutral'}>
          {access === 'changed' ? m.privacy_changed() : m.privacy_read()}
        </Badge>
        <time dateTime={createdAt}>
          {formatInstant(createdAt, { timeZone, dateStyle: 'medium', timeStyle: 'short' })}
        </time>
      </div>
    </li>
  )
}
