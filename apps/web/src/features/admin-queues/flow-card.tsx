import type { QueueSeries } from '@muster/client'
import { useQueries } from '@tanstack/react-query'
import { formatInstant } from '../../lib/dates.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { ErrorState } from '../../ui/error-state.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { TimeChartCard } from '../../ui/time-chart.tsx'
import { seriesQuery } from './queries.ts'

const queues = ['email', 'image', 'reminder', 'audit'] as const
type Flow = 'completed' | 'failed' | 'waiting'

/** Jobs of all queues in the last hour: waiting, completed and failed. */
export function FlowCard({ timeZone }: { timeZone: string }) {
  const all = useQueries({ queries: queues.map((name) => seriesQuery(name, 'hour')) })
  const read = all.flatMap(({ data }) => (data ? [data] : []))
  const [first] = read
  if (!first) {
    const failed = all.find(({ error }) => error)
    if (!failed) return <Skeleton className="h-80 rounded-xl" />
    return <ErrorState error={failed.error} onRetry={() => Promise.all(all.map(({ refetch }) => refetch()))} />
  }
  const line = (key: Flow, name: string, color: 'first' | 'second' | 'danger') => ({
    ...{ key, name, color },
    values: first.samples.map(({ at }) => sumAt(read, at, key)),
  })
  return (
    <TimeChartCard
      title={m.ops_queues_flow_all()}
      description={m.ops_queues_flow_all_text()}
      label={m.ops_queues_flow_all()}
      timeZone={timeZone}
      times={first.samples.map(({ at }) => Date.parse(at))}
      fromMs={Date.parse(first.from)}
      toMs={Date.parse(first.to)}
      formatValue={formatNumber}
      formatMoment={(timeMs) => formatInstant(new Date(timeMs), { timeZone, dateStyle: 'medium', timeStyle: 'short' })}
      series={[
        line('waiting', m.ops_queues_waiting(), 'second'),
        line('completed', m.ops_queues_completed_short(), 'first'),
        line('failed', m.ops_queues_failed(), 'danger'),
      ]}
    />
  )
}

/** The sum over all queues at one time; null when none is known. */
function sumAt(read: readonly QueueSeries[], at: string, key: Flow): number | null {
  const values = read.flatMap(({ samples }) =>
    samples.filter((sample) => sample.at === at).map((sample) => sample[key]),
  )
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}
