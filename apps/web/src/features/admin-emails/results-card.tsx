import { useQuery } from '@tanstack/react-query'
import { formatInstant } from '../../lib/dates.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { ErrorState } from '../../ui/error-state.tsx'
import { RadioGroup } from '../../ui/radio-group.tsx'
import { TimeChartCard } from '../../ui/time-chart.tsx'
import { resultsQuery } from './queries.ts'
import { type ResultSpan, resultSpans } from './search.ts'

const spanLabels: Record<ResultSpan, () => string> = {
  day: m.ops_mails_span_day,
  week: m.ops_mails_span_week,
  month: m.ops_mails_span_month,
}

type Props = { span: ResultSpan; onSpan: (span: ResultSpan) => void; timeZone: string }

/** How attempts to send mails ended, over time. */
export function ResultsCard({ span, onSpan, timeZone }: Props) {
  const query = useQuery(resultsQuery(span))
  return (
    <section aria-label={m.ops_mails_results()} className="mb-6">
      <RadioGroup
        look="segments"
        isLabelHidden
        label={m.ops_mails_span()}
        value={span}
        onChange={onSpan}
        options={resultSpans.map((value) => ({ value, label: spanLabels[value]() }))}
        className="mb-3"
      />
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={query.refetch} />
      ) : (
        <Chart data={query.data} span={span} timeZone={timeZone} />
      )}
    </section>
  )
}

type Results = Awaited<ReturnType<NonNullable<ReturnType<typeof resultsQuery>['queryFn']>>>

type ChartProps = { data: Results | undefined; span: ResultSpan; timeZone: string }

const nothing: Results = { fromMs: 0, toMs: 0, results: [] }

function Chart({ data, span, timeZone }: ChartProps) {
  const { fromMs, toMs, results } = data ?? nothing
  const kinds = [
    { key: 'sent', name: m.ops_mails_outcome_sent(), color: 'first', kind: 'area' },
    { key: 'retried', name: m.ops_mails_outcome_retried(), color: 'second', kind: 'line' },
    { key: 'failed', name: m.ops_mails_outcome_failed(), color: 'danger', kind: 'line' },
    { key: 'dropped', name: m.ops_mails_outcome_dropped(), color: 'muted', kind: 'line' },
  ] as const
  const isEmpty = data !== undefined && results.every((one) => kinds.every(({ key }) => one[key] === 0))
  return (
    <TimeChartCard
      title={m.ops_mails_results()}
      description={m.ops_mails_results_text()}
      empty={isEmpty ? <p className="text-ink-3">{m.ops_mails_results_none()}</p> : undefined}
      isLoading={!data}
      label={m.ops_mails_results()}
      times={results.map(({ at }) => Date.parse(at))}
      fromMs={fromMs}
      toMs={toMs}
      timeZone={timeZone}
      formatValue={formatNumber}
      formatMoment={(timeMs) =>
        formatInstant(new Date(timeMs), {
          timeZone,
          dateStyle: 'medium',
          ...(span !== 'month' && { timeStyle: 'short' }),
        })
      }
      series={kinds.map((kind) => ({ ...kind, values: results.map((one) => one[kind.key]) }))}
    />
  )
}
