import type { FailedJob, MusterError } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { RotateCw, Trash2, X } from 'lucide-react'
import { formatInstant } from '../../lib/dates.ts'
import { operator } from '../../lib/operator.ts'
import { renewRoleAfter } from '../../lib/session.ts'
import { useAction } from '../../lib/use-action.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { doneAlready } from '../admin/done-already.ts'
import { RequestLink } from '../request-trace/request-link.tsx'
import { type FailedJobFilter, failedJobsQuery } from './queries.ts'
import { type QueueName, retryEffectOf } from './queue-names.ts'

type Props = {
  queue: QueueName
  filter: FailedJobFilter
  timeZone: string
  mayChange: boolean
  /** Why jobs that are retried do not run at once. */
  hindrance: string | undefined
  onClearFilter: () => void
}

/** Single failed jobs: when and why each failed, its data without secrets, and what can be done with it. */
export function FailedJobsCard({ queue, filter, timeZone, mayChange, hindrance, onClearFilter }: Props) {
  const list = useInfiniteQuery(failedJobsQuery(queue, filter))
  const jobs = list.data?.pages.flatMap((page) => page.jobs)
  const isFiltered = filter.reason !== undefined || filter.jobName !== undefined
  return (
    <Card
      isFlush
      title={m.ops_queues_failed_jobs()}
      description={
        isFiltered ? <bdi className="break-words">{filter.reason || m.ops_queues_no_reason()}</bdi> : undefined
      }
      actions={
        isFiltered && (
          <Button size="sm" icon={<X aria-hidden="true" />} onClick={onClearFilter}>
            {m.ops_queues_clear_filter()}
          </Button>
        )
      }
    >
      {jobs ? (
        jobs.length === 0 ? (
          <p className="px-5 pb-6 text-ink-2 sm:px-6">{m.ops_queues_no_failures()}</p>
        ) : (
          <ul>
            {jobs.map((job) => (
              <JobRow key={job.id} {...{ queue, job, timeZone, mayChange, hindrance }} />
            ))}
          </ul>
        )
      ) : list.error ? (
        <ErrorState error={list.error} onRetry={list.refetch} />
      ) : (
        <Skeleton className="m-5 h-32" />
      )}
      <LoadMore
        isAutomatic={false}
        hasMore={list.hasNextPage}
        isLoading={list.isFetchingNextPage}
        onLoadMore={() => void list.fetchNextPage()}
      />
    </Card>
  )
}

type RowProps = Pick<Props, 'queue' | 'timeZone' | 'mayChange' | 'hindrance'> & { job: FailedJob }

function JobRow({ queue, job, timeZone, mayChange, hindrance }: RowProps) {
  const confirm = useConfirm()
  const { place, isPending, run } = useAction({
    changes: ['admin-queues', 'admin'],
    onError: renewRoleAfter,
    // The row was there a moment ago. What another operator did with it, if that is the reason, the answer tells.
    sentenceOf: (error: MusterError) => (error.code === 'NOT_FOUND' ? m.ops_queues_gone() : doneAlready(error)),
  })
  const retry = async () => {
    const question = {
      title: m.ops_queues_retry_one_title(),
      text: [retryEffectOf(queue), hindrance].filter(Boolean).join(' '),
      confirmLabel: m.ops_queues_retry(),
    }
    if (!(await confirm(question))) return
    await run(async () => {
      await operator.admin.retryFailedJob(queue, job.id)
      return (hindrance === undefined ? m.ops_queues_retried : m.ops_queues_waits_again)({ count: 1, shown: '1' })
    })
  }
  const discard = async () => {
    const question = {
      title: m.ops_queues_discard_one_title(),
      text: m.ops_queues_discard_effect(),
      confirmLabel: m.ops_queues_discard(),
      isDanger: true,
    }
    if (!(await confirm(question))) return
    await run(async () => {
      await operator.admin.discardFailedJob(queue, job.id)
      return m.ops_queues_discarded({ count: 1, shown: '1' })
    })
  }
  return (
    <li className="border-t border-line px-5 py-4 sm:px-6">
      <div ref={place} className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <p className="flex flex-wrap items-center gap-2">
            <code dir="ltr" className="font-mono text-[0.9375rem] font-medium">
              {job.name}
            </code>
            {!job.isOwed && <Badge>{m.ops_queues_scheduled()}</Badge>}
            <span className="text-sm text-ink-3">
              {formatInstant(job.failedAt, { timeZone, dateStyle: 'medium', timeStyle: 'medium' })}
            </span>
          </p>
          <p className="mt-1 text-[0.9375rem] text-ink-2">
            <bdi className="break-words">{job.reason || m.ops_queues_no_reason()}</bdi>
          </p>
        </div>
        {mayChange && (
          <div className="flex gap-2">
            <Button size="sm" icon={<RotateCw aria-hidden="true" />} isPending={isPending} onClick={() => void retry()}>
              {m.ops_queues_retry()}
            </Button>
            <Button
              size="sm"
              variant="ghost"
              icon={<Trash2 aria-hidden="true" />}
              isPending={isPending}
              onClick={() => void discard()}
            >
              {m.ops_queues_discard()}
            </Button>
          </div>
        )}
      </div>
      <details className="mt-2">
        <summary className="cursor-pointer text-sm text-accent">{m.ops_queues_details()}</summary>
        <dl className="mt-2 grid gap-x-4 gap-y-1 text-sm sm:grid-cols-[auto_minmax(0,1fr)]">
          <dt className="text-ink-3">{m.ops_queues_job_id()}</dt>
          <dd dir="ltr" className="font-mono break-all select-all">
            {job.id}
          </dd>
          <dt className="text-ink-3">{m.ops_queues_created()}</dt>
          <dd>{formatInstant(job.createdAt, { timeZone, dateStyle: 'medium', timeStyle: 'medium' })}</dd>
          {job.requestId !== null && (
            <>
              <dt className="text-ink-3">{m.ui_request_id()}</dt>
              <dd>
                <span dir="ltr" className="font-mono break-all select-all">
                  {job.requestId}
                </span>{' '}
                <RequestLink requestId={job.requestId} />
              </dd>
            </>
          )}
          <dt className="text-ink-3">{m.ops_queues_payload()}</dt>
          <dd>
            {job.isPayloadCut ? (
              m.ops_queues_payload_cut()
            ) : (
              <pre
                dir="ltr"
                className="max-h-64 overflow-auto rounded-md bg-raised p-2.5 font-mono text-xs whitespace-pre-wrap break-all"
              >
                {JSON.stringify(job.payload, null, 2)}
              </pre>
            )}
          </dd>
        </dl>
      </details>
    </li>
  )
}
