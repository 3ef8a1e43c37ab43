import type { ListedAuditEvent } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight, FileSearch } from 'lucide-react'
import { useInSteps } from '../../lib/in-steps.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Facts } from '../admin/facts.tsx'
import { Moment } from '../admin/moment.tsx'
import { RequestLink } from '../request-trace/request-link.tsx'
import { authorOf } from './author.ts'
import { ChangesTable } from './changes-table.tsx'
import { eventsQuery } from './queries.ts'
import type { AuditSearch } from './search.ts'

type Props = { search: AuditSearch; timeZone: string; onSearch: (search: AuditSearch) => void }

/** The events of a search, the newest first; each opens to what it changed. */
export function EventList({ search, timeZone, onSearch }: Props) {
  const events = useInfiniteQuery(eventsQuery(search, timeZone))
  const isShown = useInSteps(events.data !== undefined)
  if (!events.data || !isShown)
    return events.error ? (
      <ErrorState error={events.error} onRetry={events.refetch} />
    ) : (
      <Skeleton className="h-96 rounded-xl" />
    )
  const rows = events.data.pages.flatMap(({ items }) => items)
  if (rows.length === 0)
    return (
      <EmptyState
        icon={<FileSearch />}
        title={m.ops_audit_empty_title()}
        text={m.ops_audit_empty_text()}
        action={<Button onClick={() => onSearch({})}>{m.ops_mails_clear()}</Button>}
      />
    )
  return (
    <div aria-busy={events.isPlaceholderData} className="overflow-hidden rounded-xl border border-line bg-surface">
      <ul>
        {rows.map((event) => (
          <li key={`${event.seq} ${event.id}`} className="border-b border-line last:border-0">
            <EventRow event={event} timeZone={timeZone} isOpen={search.seq !== undefined} />
          </li>
        ))}
      </ul>
      <LoadMore
        hasMore={events.hasNextPage}
        isLoading={events.isFetchingNextPage}
        onLoadMore={() => void events.fetchNextPage()}
        isAutomatic={false}
      />
    </div>
  )
}

type RowProps = { event: ListedAuditEvent; timeZone: string; isOpen: boolean }

function EventRow({ event, timeZone, isOpen }: RowProps) {
  const { action, actorId, target, createdAt } = event
  return (
    <details open={isOpen} className="group">
      <summary className="flex cursor-pointer list-none flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-3 hover:bg-raised/50 focus-visible:-outline-offset-2 sm:px-5 [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden="true"
          className="size-4 shrink-0 text-ink-3 group-open:rotate-90 motion-safe:transition-transform rtl:-scale-x-100"
        />
        <code className="min-w-0 flex-1 basis-56 font-medium break-words">{action}</code>
        <span className="min-w-0 basis-40 truncate text-ink-2">
          <bdi>{authorOf(event)}</bdi>
        </span>
        <span className="min-w-0 basis-48 truncate text-sm text-ink-3">
          {target.type} <bdi>{target.name ?? target.id}</bdi>
        </span>
        <span className="text-sm whitespace-nowrap text-ink-3">
          <Moment at={createdAt} timeZone={timeZone} />
        </span>
      </summary>
      <div className="flex flex-col gap-4 px-4 pb-5 sm:px-5">
        <div className="-mx-4 sm:-mx-5 [&>p]:px-4 sm:[&>p]:px-5">
          <ChangesTable before={event.before} after={event.after} />
        </div>
        <EventFacts event={event} />
        <p className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
          <RequestLink requestId={event.requestId} />
          {actorId !== null && (
            <Link to="/ops/audit" search={{ actorId }} className="link">
              {m.ops_audit_by_actor()}
            </Link>
          )}
          <Link to="/ops/audit" search={{ targetType: target.type, targetId: target.id }} className="link">
            {m.ops_audit_of_target()}
          </Link>
          {target.type === 'email' && (
            <Link to="/ops/mails/$emailId" params={{ emailId: target.id }} className="link">
              {m.ops_mails_show()}
            </Link>
          )}
          {target.type === 'user' && (
            <Link to="/ops/people/$userId" params={{ userId: target.id }} className="link">
              {m.ops_audit_show_user()}
            </Link>
          )}
          {target.type === 'organization' && (
            <Link to="/ops/organizations/$organizationId" params={{ organizationId: target.id }} className="link">
              {m.ops_audit_show_organization()}
            </Link>
          )}
        </p>
      </div>
    </details>
  )
}

function EventFacts({ event }: { event: ListedAuditEvent }) {
  const { seq, id, actorId, targetType, targetId, ip, userAgent, hash } = event
  return (
    <Facts
      rows={[
        [m.ops_audit_seq(), formatNumber(seq)],
        [m.ops_audit_id(), <code className="break-all">{id}</code>],
        [
          m.ops_audit_actor(),
          actorId === null ? (
            authorOf(event)
          ) : (
            <Link to="/ops/people/$userId" params={{ userId: actorId }} className="link">
              <bdi>{authorOf(event)}</bdi>
            </Link>
          ),
        ],
        [
          m.ops_audit_target(),
          <>
            {targetType} <code className="break-all">{targetId}</code>
          </>,
        ],
        [m.ops_audit_ip(), ip],
        [m.ops_audit_browser(), userAgent && <bdi>{userAgent}</bdi>],
        [m.ops_audit_hash(), <code className="break-all">{hash}</code>],
      ]}
    />
  )
}
