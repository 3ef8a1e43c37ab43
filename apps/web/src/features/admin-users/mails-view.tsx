import type { AdminUser } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatInstant } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { statusLabels, statusTones } from '../admin-emails/labels.ts'
import { RequestLink } from '../request-trace/request-link.tsx'
import { userMailsQuery } from './queries.ts'

/** The mails to the address of a person, and what became of them. */
export function MailsView({ user, timeZone }: { user: AdminUser; timeZone: string }) {
  const mails = useInfiniteQuery(userMailsQuery(user.email))
  const items = mails.data?.pages.flatMap((page) => page.items)
  if (!items && mails.error) return <ErrorState error={mails.error} onRetry={mails.refetch} />
  if (!items) return <Skeleton className="h-64 rounded-xl" />
  return (
    <Card isFlush title={m.ops_people_mails()} description={m.ops_people_mails_text()}>
      {items.length === 0 && <p className="px-5 pb-5 text-ink-3 sm:px-6">{m.ops_people_no_mails()}</p>}
      <ul>
        {items.map((mail) => (
          <li key={mail.id} className="relative border-t border-line px-5 py-3.5 sm:px-6">
            <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
              <Link to="/ops/mails/$emailId" params={{ emailId: mail.id }} className="link break-all">
                {mail.template}
              </Link>
              <Badge tone={statusTones[mail.status]}>{statusLabels[mail.status]()}</Badge>
              <RequestLink requestId={mail.requestId} />
              <time dateTime={mail.createdAt} className="ms-auto text-sm text-ink-3">
                {formatInstant(mail.createdAt, { timeZone, dateStyle: 'medium', timeStyle: 'short' })}
              </time>
            </p>
            {mail.error !== null && (
              <p dir="auto" className="text-sm break-words text-ink-3">
                {mail.error}
              </p>
            )}
          </li>
        ))}
      </ul>
      <LoadMore
        hasMore={mails.hasNextPage}
        isLoading={mails.isFetchingNextPage}
        onLoadMore={() => void mails.fetchNextPage()}
        isAutomatic={false}
      />
    </Card>
  )
}
