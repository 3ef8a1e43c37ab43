import type { EmailSuppression, User } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { MailCheck } from 'lucide-react'
import { useState } from 'react'
import { operator } from '../../lib/operator.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { toast } from '../../ui/toast.tsx'
import { Moment } from '../admin/moment.tsx'
import { ReasonDialog } from '../admin/reason-dialog.tsx'
import { may } from '../admin/rights.ts'
import { suppressionsQuery } from './queries.ts'

type Props = { user: User; address: string | undefined; onClear: () => void }

/** The addresses to which no mail is sent, the newest first. */
export function SuppressionList({ user, address, onClear }: Props) {
  const list = useInfiniteQuery(suppressionsQuery(address))
  if (!list.data)
    return list.error ? (
      <ErrorState error={list.error} onRetry={list.refetch} />
    ) : (
      <Skeleton className="h-72 rounded-xl" />
    )
  const rows = list.data.pages.flatMap(({ items }) => items)
  if (rows.length === 0)
    return (
      <EmptyState
        icon={<MailCheck />}
        title={m.ops_mails_suppressed_none()}
        text={m.ops_mails_suppressed_none_text()}
        action={address !== undefined && <Button onClick={onClear}>{m.ops_mails_clear()}</Button>}
      />
    )
  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface">
      <Table
        caption={m.ops_mails_tab_suppressed()}
        rows={rows}
        keyOf={({ id }) => id}
        columns={[
          {
            key: 'address',
            header: m.ops_mails_address(),
            className: 'max-w-64',
            cell: (row) => <bdi className="block truncate">{row.address}</bdi>,
          },
          {
            key: 'since',
            header: m.ops_mails_since(),
            className: 'whitespace-nowrap',
            cell: ({ createdAt }) => <Moment at={createdAt} timeZone={user.timezone} />,
          },
          {
            key: 'answer',
            header: m.ops_mails_answer(),
            className: 'max-w-96 min-w-44',
            cell: ({ smtpAnswer, reason, emailId }) => (
              <>
                <bdi className="line-clamp-2 text-sm break-words text-ink-2">{smtpAnswer ?? reason}</bdi>
                {emailId && (
                  <Link to="/ops/mails/$emailId" params={{ emailId }} className="link text-sm">
                    {m.ops_mails_show()}
                  </Link>
                )}
              </>
            ),
          },
          ...(may(user.role, 'email.unsuppress')
            ? [
                {
                  key: 'lift',
                  header: m.ops_mails_actions(),
                  className: 'whitespace-nowrap',
                  cell: (row: EmailSuppression) => <LiftButton suppression={row} />,
                },
              ]
            : []),
        ]}
      />
      <LoadMore
        hasMore={list.hasNextPage}
        isLoading={list.isFetchingNextPage}
        onLoadMore={() => void list.fetchNextPage()}
        isAutomatic={false}
      />
    </div>
  )
}

/** Lets mail go to an address again, after saying what that does. */
export function LiftButton({
  suppression: { id, address },
}: {
  suppression: Pick<EmailSuppression, 'id' | 'address'>
}) {
  const [isAsking, setIsAsking] = useState(false)
  return (
    <>
      <Button size="sm" aria-label={m.ops_mails_lift_one({ address })} onClick={() => setIsAsking(true)}>
        {m.ops_mails_lift()}
      </Button>
      {isAsking && (
        <ReasonDialog
          title={m.ops_mails_lift_title({ address })}
          submitLabel={m.ops_mails_lift()}
          onClose={() => setIsAsking(false)}
          onSubmit={async (note) => {
            try {
              await operator.admin.deleteEmailSuppression(id, { note })
              toast({ kind: 'success', title: m.ops_mails_lifted({ address }) })
            } finally {
              // Also after a refusal, whose reason is that somebody else has lifted it.
              await queryClient.invalidateQueries({ queryKey: ['admin-emails'] })
            }
          }}
        >
          <p>{m.ops_mails_lift_text()}</p>
        </ReasonDialog>
      )}
    </>
  )
}
