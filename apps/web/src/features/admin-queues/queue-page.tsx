import type { InstallationStatus, QueueStatus, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowLeft, Pause, Play } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { formatInstant, formatRelative } from '../../lib/dates.ts'
import { formatDuration } from '../../lib/durations.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { operator } from '../../lib/operator.ts'
import { queryClient } from '../../lib/query.ts'
import { renewRoleAfter } from '../../lib/session.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { cx } from '../../ui/cx.ts'
import { ErrorState } from '../../ui/error-state.tsx'
import { InView } from '../../ui/in-view.tsx'
import { Notice } from '../../ui/notice.tsx'
import { RadioGroup } from '../../ui/radio-group.tsx'
import { toast } from '../../ui/toast.tsx'
import { queuesWithoutWorker, workerOf } from '../admin/attention.ts'
import { OpsPage } from '../admin/ops-page.tsx'
import { statusQuery } from '../admin/queries.ts'
import { may } from '../admin/rights.ts'
import type { BulkAction } from './bulk-dialog.tsx'
import { FailedJobsCard } from './failed-jobs-card.tsx'
import { FailuresCard } from './failures-card.tsx'
import { ForecastCard, MeasuringCard } from './forecast-card.tsx'
import { failuresQuery, seriesQuery } from './queries.ts'
import type { QueueName } from './queue-names.ts'
import { RetriesCard } from './retries-card.tsx'
import { type QueueRange, type QueueSearch, queueRanges } from './search.ts'
import { SeriesCards } from './series-cards.tsx'

const BulkDialog = lazy(async () => ({ default: (await import('./bulk-dialog.tsx')).BulkDialog }))
const ReasonDialog = lazy(async () => ({ default: (await import('../admin/reason-dialog.tsx')).ReasonDialog }))

type Props = {
  queue: QueueName
  user: User
  search: QueueSearch
  onSearch: (search: QueueSearch) => void
}

const rangeNames: Record<QueueRange, () => string> = {
  hour: m.ops_queues_range_hour,
  day: m.ops_queues_range_day,
  week: m.ops_queues_range_week,
}

/** A queue: how it is and was, when it will be empty, what failed and why, and what can be done about it. */
export function QueuePage({ queue, user, search, onSearch }: Props) {
  const { range = 'hour', reason, job } = search
  const [bulk, setBulk] = useState<BulkAction>()
  const [isRetryFollowed, setIsRetryFollowed] = useState(false)
  const failedJobs = useRef<HTMLElement>(null)
  const [timesSought, setTimesSought] = useState(0)
  const [pausing, setPausing] = useState<'pause' | 'resume'>()
  useEffect(() => {
    if (timesSought > 0) showPart(failedJobs.current)
  }, [timesSought])
  const status = useQuery(statusQuery)
  const series = useQuery(seriesQuery(queue, range))
  const failures = useQuery(failuresQuery(queue))
  const now = status.data?.queues?.find(({ name }) => name === queue)
  const mayChange = may(user.role, 'queue.change')
  const hasNoWorker = status.data !== undefined && queuesWithoutWorker(status.data).includes(queue)
  const hasFailures = (now?.failed ?? 0) > 0
  const { timezone: timeZone } = user
  const hindrance = now?.isPaused
    ? m.ops_queues_hindered_paused()
    : hasNoWorker
      ? m.ops_queues_hindered_no_worker()
      : undefined
  const showFailed = (filter: Pick<QueueSearch, 'reason' | 'job'>) => {
    onSearch({ ...search, ...filter })
    setTimesSought(timesSought + 1)
  }
  // Beside what is retried on this page; else at the end, where it is read when it comes into view.
  const retries = (
    <RetriesCard
      {...{ queue, timeZone }}
      onShow={(jobName) => showFailed({ reason: undefined, job: jobName ?? undefined })}
    />
  )
  return (
    <OpsPage
      title={m.ops_queues_tab({ name: queue })}
      description={
        <Link to="/ops" className="link inline-flex items-center gap-1.5">
          <ArrowLeft aria-hidden="true" className="size-4 rtl:-scale-x-100" />
          {m.ops_queues_title()}
        </Link>
      }
      actions={
        mayChange &&
        now &&
        now.isPaused !== null &&
        (now.isPaused ? (
          <Button variant="primary" icon={<Play aria-hidden="true" />} onClick={() => setPausing('resume')}>
            {m.ops_queues_resume()}
          </Button>
        ) : (
          <Button icon={<Pause aria-hidden="true" />} onClick={() => setPausing('pause')}>
            {m.ops_queues_pause()}
          </Button>
        ))
      }
      isLoading={[status, series, failures].some(({ isPending }) => isPending)}
    >
      <div className="flex flex-col gap-6">
        {now?.isPaused && <PauseNotice queue={now} timeZone={timeZone} />}
        {hasNoWorker && status.data && <WorkerNotice queue={queue} status={status.data} />}
        {status.data?.unknown.some(({ part }) => part === 'queues') && (
          <Notice tone="warning">{m.ops_queues_redis_away()}</Notice>
        )}
        {now ? (
          <Numbers queue={now} reminders={queue === 'reminder' ? status.data?.reminders : undefined} />
        ) : (
          status.error && <ErrorState error={status.error} onRetry={status.refetch} />
        )}
        {series.data?.forecast && hindrance === undefined && (
          <ForecastCard forecast={series.data.forecast} timeZone={timeZone} isEmpty={now?.waiting === 0} />
        )}
        {series.data?.measuringSince && hindrance === undefined && now?.waiting !== 0 && (
          <MeasuringCard since={series.data.measuringSince} timeZone={timeZone} />
        )}
        <FailuresCard
          {...{ failures, timeZone, mayChange, hasFailures }}
          onAct={(action) => {
            setBulk(action)
            if (action.verb === 'retry') setIsRetryFollowed(true)
          }}
          onFilter={(group) => showFailed({ reason: group.reason, job: group.jobName })}
        />
        {isRetryFollowed && retries}
        <RadioGroup
          look="segments"
          isLabelHidden
          label={m.ops_queues_range()}
          value={range}
          onChange={(next) => onSearch({ ...search, range: next === 'hour' ? undefined : next })}
          options={queueRanges.map((value) => ({ value, label: rangeNames[value]() }))}
        />
        {series.data ? (
          <SeriesCards series={series.data} timeZone={timeZone} />
        ) : (
          series.error && <ErrorState error={series.error} onRetry={series.refetch} />
        )}
        <section
          ref={failedJobs}
          tabIndex={-1}
          aria-label={m.ops_queues_failed_jobs()}
          // It can stand at the upper edge as soon as it is sought, before its jobs are read.
          className={cx('scroll-mt-20 rounded-xl', timesSought > 0 && 'min-h-[calc(100dvh-10rem)]')}
        >
          <InView className="h-52">
            <div className="flex flex-col gap-6">
              <FailedJobsCard
                {...{ queue, timeZone, mayChange }}
                filter={{ reason, jobName: job }}
                hindrance={hindrance}
                onClearFilter={() => onSearch({ ...search, reason: undefined, job: undefined })}
              />
              {!isRetryFollowed && retries}
            </div>
          </InView>
        </section>
      </div>
      <Suspense>
        {bulk && <BulkDialog {...bulk} queue={queue} hindrance={hindrance} onClose={() => setBulk(undefined)} />}
        {pausing && (
          <ReasonDialog
            title={pausing === 'pause' ? m.ops_queues_pause_title() : m.ops_queues_resume_title()}
            submitLabel={pausing === 'pause' ? m.ops_queues_pause() : m.ops_queues_resume()}
            onClose={() => setPausing(undefined)}
            onSubmit={(note) => changePause(queue, pausing, note)}
          >
            <p className="text-ink-2">
              {pausing === 'pause'
                ? m.ops_queues_pause_text()
                : m.ops_queues_resume_text({ count: now?.waiting ?? 0, shown: formatNumber(now?.waiting ?? 0) })}
            </p>
          </ReasonDialog>
        )}
      </Suspense>
    </OpsPage>
  )
}

/** Scrolls to a part of the page, and moves the focus there. */
function showPart(part: HTMLElement | null) {
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
  part?.focus({ preventScroll: true })
  part?.scrollIntoView({ behavior: isStill ? 'auto' : 'smooth' })
}

/** Pauses or resumes a queue. @throws MusterError */
async function changePause(queue: QueueName, verb: 'pause' | 'resume', note: string): Promise<void> {
  try {
    await (verb === 'pause' ? operator.admin.pauseQueue : operator.admin.resumeQueue)(queue, { note })
    toast({ kind: 'success', title: verb === 'pause' ? m.ops_queues_paused_now() : m.ops_queues_runs_now() })
  } catch (error) {
    renewRoleAfter(error)
    throw error
  } finally {
    void queryClient.invalidateQueries({ queryKey: ['admin'] })
    void queryClient.invalidateQueries({ queryKey: ['admin-queues'] })
  }
}

function PauseNotice({ queue, timeZone }: { queue: QueueStatus; timeZone: string }) {
  const { pause } = queue
  if (!pause)
    return (
      <Notice tone="warning" title={m.ops_queues_paused()}>
        {m.ops_queues_paused_elsewhere()}
      </Notice>
    )
  const time = formatInstant(pause.at, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  return (
    <Notice tone="warning" title={m.ops_queues_paused()}>
      <p>
        {pause.by ? m.ops_queues_paused_by({ name: pause.by.name, time }) : m.ops_queues_paused_by_command({ time })}
      </p>
      <p>
        <bdi className="break-words">{pause.note}</bdi>
      </p>
    </Notice>
  )
}

/** Reminders stand in Postgres until they are due, so a queue without jobs says nothing of those that are late. */
const lateText = (reminders: InstallationStatus['reminders']) =>
  reminders === null
    ? m.ui_chart_unknown()
    : reminders.count === 0
      ? '0'
      : `${formatNumber(reminders.count)} (${m.ops_status_oldest({ time: formatDuration(reminders.lateMs) })})`

/** Says that nothing works the queue, and what the page knows of the last process that did. */
function WorkerNotice({ queue, status: { processes, at } }: { queue: QueueName; status: InstallationStatus }) {
  const worker = workerOf(queue)
  const [last] = (processes ?? [])
    .filter(({ name }) => name === worker)
    .toSorted((one, other) => Date.parse(other.seenAt) - Date.parse(one.seenAt))
  return (
    <Notice tone="danger" title={m.ops_status_no_worker({ worker })}>
      <p>
        {last
          ? m.ops_queues_last_worker({
              pid: String(last.pid),
              host: last.host,
              time: formatRelative(last.seenAt, new Date(at)),
            })
          : m.ops_queues_no_last_worker()}
      </p>
      <p>{m.ops_queues_start_worker()}</p>
    </Notice>
  )
}

type NumbersProps = { queue: QueueStatus; reminders?: InstallationStatus['reminders'] | undefined }

function Numbers({ queue, reminders }: NumbersProps) {
  const shown = (value: number | null) => (value === null ? m.ui_chart_unknown() : formatNumber(value))
  const figures = [
    [m.ops_queues_waiting(), shown(queue.waiting)],
    [m.ops_queues_active(), shown(queue.active)],
    [m.ops_queues_delayed(), shown(queue.delayed)],
    [m.ops_queues_failed(), shown(queue.failed)],
    [m.ops_queues_oldest(), queue.oldestMs > 0 ? formatDuration(queue.oldestMs) : '–'],
    [m.ops_queues_ended(), shown(queue.endedPerMinute)],
    ...(reminders === undefined ? [] : [[m.ops_status_reminders(), lateText(reminders)] as const]),
  ] as const
  return (
    <Card>
      <dl
        className={cx(
          'grid grid-cols-2 gap-x-4 gap-y-5 sm:grid-cols-3',
          figures.length > 6 ? 'lg:grid-cols-4' : 'lg:grid-cols-6',
        )}
      >
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt className="text-sm text-ink-3">{name}</dt>
            <dd className="mt-0.5 text-xl font-semibold tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}
