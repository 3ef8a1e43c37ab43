import type { QueueSeries } from '@muster/client'
import { formatInstant } from '../../lib/dates.ts'
import { formatDuration } from '../../lib/durations.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import type { TimeSeries } from '../../ui/charts/time-plot-props.ts'
import { TimeChartCard } from '../../ui/time-chart.tsx'

type Props = { series: QueueSeries; timeZone: string }
/** So that nothing that waits, or a job of a moment, is not drawn as if it were long. */
const leastSpanMs = 10_000
type Sample = QueueSeries['samples'][number]

const compact = (value: number) => formatNumber(value, { notation: 'compact' })

/** A queue over time: how much waits, how much goes in and out, and for how long the oldest job has waited. */
export function SeriesCards({ series, timeZone }: Props) {
  const { samples } = series
  const isKnown = samples.some(({ waiting }) => waiting !== null)
  const empty = isKnown ? undefined : <p className="py-10 text-center text-ink-2">{m.ops_queues_no_samples()}</p>
  const plot = {
    timeZone,
    times: samples.map(({ at }) => Date.parse(at)),
    fromMs: Date.parse(series.from),
    toMs: Date.parse(series.to),
    formatMoment: (timeMs: number) =>
      formatInstant(new Date(timeMs), { timeZone, dateStyle: 'medium', timeStyle: 'short' }),
    empty,
  }
  const line = (key: keyof Sample, name: string, color: TimeSeries['color'], kind: TimeSeries['kind'] = 'line') => ({
    key,
    name,
    color,
    kind,
    values: samples.map((sample) => sample[key] as number | null),
  })
  const counts = { formatValue: formatNumber, formatTick: compact }
  const span =
    series.stepMinutes === 1 ? m.ops_queues_per_minute() : m.ops_queues_per_minutes({ count: series.stepMinutes })
  return (
    <>
      <TimeChartCard
        {...plot}
        {...counts}
        title={m.ops_queues_depth()}
        description={m.ops_queues_depth_text()}
        label={m.ops_queues_depth()}
        series={[
          line('waiting', m.ops_queues_waiting(), 'first', 'area'),
          line('active', m.ops_queues_active(), 'second'),
          line('delayed', m.ops_queues_delayed(), 'muted'),
        ]}
      />
      <TimeChartCard
        {...plot}
        {...counts}
        title={m.ops_queues_flow()}
        description={span}
        label={m.ops_queues_flow()}
        series={[
          line('added', m.ops_queues_added(), 'second'),
          line('completed', m.ops_queues_completed_short(), 'first'),
          line('failed', m.ops_queues_failed(), 'danger'),
        ]}
      />
      <TimeChartCard
        {...plot}
        formatValue={formatDuration}
        leastTop={leastSpanMs}
        title={m.ops_queues_oldest()}
        description={m.ops_queues_oldest_text()}
        label={m.ops_queues_oldest()}
        series={[line('oldestMs', m.ops_queues_oldest(), 'first', 'area')]}
      />
    </>
  )
}
