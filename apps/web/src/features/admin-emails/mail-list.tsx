import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { MailSearch } from 'lucide-react'
import { useInSteps } from '../../lib/in-steps.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { Moment } from '../admin/moment.tsx'
import { RequestLink } from '../request-trace/request-link.tsx'
import { statusLabels, statusTones } from './labels.ts'
import { mailsQuery } from './queries.ts'
import type { MailsSearch } from './search.ts'

type Props = { search: MailsSearch; timeZone: string; onClear: () => void }

/** The mails of a search, the newest first. */
export function MailList({ search, timeZone, onClear }: Props) {
  const mails = useInfiniteQuery(mailsQuery(search, timeZone))
  const isShown = useInSteps(mails.data !== undefined)
  if (!mails.data || !isShown)
    return mails.error ? (
      <ErrorState error={mails.error} onRetry={mails.refetch} />
    ) : (
      <Skeleton className="h-96 rounded-xl" />
    )
  const rows = mails.data.pages.flatMap(({ items }) => items)
  if (rows.length === 0)
    return (
      <EmptyState
        icon={<MailSearch />}
        title={m.ops_mails_empty_title()}
        text={m.ops_mails_empty_text()}
        action={<Button onClick={onClear}>{m.ops_mails_clear()}</Button>}
      />
    )
  return (
    <div aria-busy={mails.isPlaceholderData} className="overflow-hidden rounded-xl border border-line bg-surface">
      <Table
        caption={m.ops_mails_tab_mails()}
        rows={rows}
        keyOf={({ id }) => id}
        columns={[
          {
            key: 'written',
            header: m.ops_mails_written(),
            className: 'whitespace-nowrap',
            cell: ({ id, createdAt, template }) => (
              <>
                <Link to="/ops/mails/$emailId" params={{ emailId: id }} className="link">
                  <Moment at={createdAt} timeZone={timeZone} />
                </Link>
                <code className="block text-sm font-normal text-ink-2">{template}</code>
              </>
            ),
          },
          {
            key: 'status',
            header: m.ops_mails_status(),
            cell: ({ status }) => <Badge tone={statusTones[status]}>{statusLabels[status]()}</Badge>,
          },
          {
            key: 'to',
            header: m.ops_mails_address(),
            className: 'max-w-56',
            cell: ({ to }) => <bdi className="block truncate">{to === 'erased' ? m.ops_mails_erased() : to}</bdi>,
          },
          {
            key: 'attempts',
            header: m.ops_mails_attempts(),
            isNumeric: true,
            cell: ({ attempts }) => formatNumber(attempts),
          },
          {
            key: 'error',
            header: m.ops_mails_last_answer(),
            className: 'min-w-44',
            cell: ({ error }) => <bdi className="line-clamp-2 text-sm break-words text-ink-2">{error}</bdi>,
          },
          {
            key: 'request',
            header: <span className="sr-only">{m.ops_trace_title()}</span>,
            cell: (mail) => <RequestLink isIcon requestId={mail.requestId} />,
          },
        ]}
      />
      <LoadMore
        hasMore={mails.hasNextPage}
        isLoading={mails.isFetchingNextPage}
        onLoadMore={() => void mails.fetchNextPage()}
        isAutomatic={false}
      />
    </div>
  )
}
