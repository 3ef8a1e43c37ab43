import type { QueueRetry } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { formatInstant } from '../../lib/dates.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { retriesQuery } from './queries.ts'
import type { QueueName } from './queue-names.ts'

type Props = {
  queue: QueueName
  timeZone: string
  /** Shows the failed jobs of a name, or all. */
  onShow: (jobName: string | null) => void
}

/** Shows the outcomes of recent retries of failed jobs; renders nothing without one. */
export function RetriesCard({ queue, timeZone, onShow }: Props) {
  const { data: retries } = useQuery(retriesQuery(queue))
  if (!retries || retries.length === 0) return null
  return (
    <Card isFlush title={m.ops_queues_retries()} description={m.ops_queues_retries_text()}>
      <ul aria-label={m.ops_queues_retries()}>
        {retries.map((one) => (
          <RetryRow
            key={`${one.at} ${one.by?.id} ${one.jobName} ${one.reason}`}
            {...{ retry: one, timeZone, onShow }}
          />
        ))}
      </ul>
    </Card>
  )
}

function RetryRow({ retry, timeZone, onShow }: { retry: QueueRetry } & Pick<Props, 'timeZone' | 'onShow'>) {
  const { at, by, note, reason, jobName, jobs, pending, failed, done } = retry
  const counted = (count: number) => ({ count, shown: formatNumber(count) })
  const about = [jobName, reason, note].filter((part) => part !== null && part !== '')
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-t border-line px-5 py-3.5 sm:px-6">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1" role="status">
          <span className="font-medium">{m.ops_queues_retry_jobs(counted(jobs))}</span>
          {done > 0 && <Badge tone="success">{m.ops_queues_retry_done(counted(done))}</Badge>}
          {pending > 0 && <Badge tone="accent">{m.ops_queues_retry_pending(counted(pending))}</Badge>}
          {failed > 0 && <Badge tone="danger">{m.ops_queues_retry_failed(counted(failed))}</Badge>}
        </p>
        {about.map((part) => (
          <p key={part} className="text-[0.9375rem] break-words text-ink-2">
            <bdi>{part}</bdi>
          </p>
        ))}
        <p className="text-sm text-ink-3">
          {by && (
            <>
              <bdi>{by.name}</bdi>
              {' · '}
            </>
          )}
          {formatInstant(at, { timeZone, dateStyle: 'medium', timeStyle: 'short' })}
        </p>
      </div>
      {failed > 0 && (
        <Button size="sm" title={m.ops_queues_show_jobs()} onClick={() => onShow(jobName)}>
          {m.ops_queues_show()}
        </Button>
      )}
    </li>
  )
}
