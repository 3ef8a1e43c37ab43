import type { FailureGroup, QueueFailures } from '@muster/client'
import type { UseQueryResult } from '@tanstack/react-query'
import { RotateCw, Trash2 } from 'lucide-react'
import { formatInstant } from '../../lib/dates.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import type { BulkAction } from './bulk-dialog.tsx'

type Props = {
  failures: UseQueryResult<QueueFailures>
  timeZone: string
  /** Whether the user may retry and discard. */
  mayChange: boolean
  /** Whether jobs of the queue have failed, also runs of schedules, which have no group. */
  hasFailures: boolean
  onAct: (action: BulkAction) => void
  onFilter: (group: FailureGroup) => void
}

/** The failed jobs of a queue by reason, each group with what can be done about it. */
export function FailuresCard({ failures, timeZone, mayChange, hasFailures, onAct, onFilter }: Props) {
  const { data } = failures
  if (!data) return failures.error && <ErrorState error={failures.error} onRetry={failures.refetch} />
  const moment = (instant: string) => formatInstant(instant, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  const filterOf = ({ reason, jobName }: FailureGroup) => ({ reason, jobName })
  const description = data.isComplete
    ? data.total > 0 && m.ops_queues_failed_total({ count: data.total, shown: formatNumber(data.total) })
    : m.ops_queues_counting({ counted: formatNumber(data.counted), total: formatNumber(data.total) })
  return (
    <Card
      isFlush
      title={m.ops_queues_failures()}
      description={<span role="status">{description}</span>}
      actions={
        mayChange &&
        data.total > 0 && (
          <>
            <Button
              size="sm"
              icon={<RotateCw aria-hidden="true" />}
              onClick={() => onAct({ verb: 'retry', filter: {} })}
            >
              {m.ops_queues_retry_all()}
            </Button>
            <Button
              size="sm"
              icon={<Trash2 aria-hidden="true" />}
              onClick={() => onAct({ verb: 'discard', filter: {} })}
            >
              {m.ops_queues_discard_all()}
            </Button>
          </>
        )
      }
    >
      {data.groups.length === 0 ? (
        <div className="px-5 pb-6 text-ink-2 sm:px-6">
          {!data.isComplete ? <Skeleton /> : hasFailures ? m.ops_queues_only_scheduled() : m.ops_queues_no_failures()}
        </div>
      ) : (
        <Table
          caption={m.ops_queues_failures()}
          rows={data.groups}
          keyOf={({ jobName, reason }) => `${jobName} ${reason}`}
          columns={[
            {
              key: 'reason',
              header: m.ops_queues_reason(),
              cell: ({ reason, jobName, canRetry }) => (
                <span className="block min-w-44">
                  <bdi className="block break-words">{reason || m.ops_queues_no_reason()}</bdi>
                  <code dir="ltr" className="font-mono text-sm font-normal text-ink-3">
                    {jobName}
                  </code>
                  {!canRetry && (
                    <span className="block text-sm font-normal text-ink-2">{m.ops_queues_cannot_retry()}</span>
                  )}
                </span>
              ),
            },
            { key: 'count', header: m.ops_queues_jobs(), isNumeric: true, cell: ({ count }) => formatNumber(count) },
            {
              key: 'last',
              header: m.ops_queues_last_failed(),
              className: 'whitespace-nowrap',
              cell: ({ firstFailedAt, lastFailedAt }) => (
                <>
                  {moment(lastFailedAt)}
                  {moment(firstFailedAt) !== moment(lastFailedAt) && (
                    <span className="block text-sm text-ink-3">
                      {m.ops_queues_since({ time: moment(firstFailedAt) })}
                    </span>
                  )}
                </>
              ),
            },
            {
              key: 'actions',
              header: <span className="sr-only">{m.ops_queues_actions()}</span>,
              cell: (group) => (
                <span className="flex justify-end gap-1">
                  <Button size="sm" variant="ghost" title={m.ops_queues_show_jobs()} onClick={() => onFilter(group)}>
                    {m.ops_queues_show()}
                  </Button>
                  {mayChange && (
                    <>
                      <Button
                        size="sm"
                        isDisabled={!group.canRetry}
                        onClick={() => onAct({ verb: 'retry', filter: filterOf(group) })}
                      >
                        {m.ops_queues_retry()}
                      </Button>
                      <Button size="sm" onClick={() => onAct({ verb: 'discard', filter: filterOf(group) })}>
                        {m.ops_queues_discard()}
                      </Button>
                    </>
                  )}
                </span>
              ),
            },
          ]}
        />
      )}
      {data.others > 0 && (
        <p className="px-5 pt-2 pb-4 text-sm text-ink-3 sm:px-6">
          {m.ops_queues_others({ count: data.others, shown: formatNumber(data.others) })}
        </p>
      )}
    </Card>
  )
}
