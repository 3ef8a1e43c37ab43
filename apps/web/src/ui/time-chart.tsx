import { lazy, type ReactNode, Suspense } from 'react'
import { m } from '../paraglide/messages.js'
import { ChartCard } from './charts/chart-card.tsx'
import { ChartLegend } from './charts/series.tsx'
import { plotHeightPx, type TimePlotProps } from './charts/time-plot-props.ts'
import { InView } from './in-view.tsx'
import { Skeleton } from './skeleton.tsx'
import { Table } from './table.tsx'

const TimePlot = lazy(async () => ({ default: (await import('./charts/time-plot.tsx')).TimePlot }))

type TimeChartProps = TimePlotProps & {
  /** Shows the place of the drawing alone, at its full size. */
  isLoading?: boolean | undefined
}

/** Lines, areas or bars over time. */
export function TimeChart({ isLoading = false, ...props }: TimeChartProps) {
  return (
    <div>
      {props.series.length > 1 && <ChartLegend series={props.series} />}
      <div style={isLoading ? { height: plotHeightPx } : { minHeight: plotHeightPx }}>
        {isLoading ? (
          <Skeleton className="h-full" />
        ) : (
          <InView style={{ height: plotHeightPx }}>
            <Suspense fallback={<div style={{ height: plotHeightPx }} />}>
              <TimePlot {...props} />
            </Suspense>
          </InView>
        )}
      </div>
    </div>
  )
}

export type TimeChartCardProps = TimeChartProps & {
  title: string
  description?: ReactNode
  /** Stands in place of the chart where there is nothing to draw. */
  empty?: ReactNode
  className?: string | undefined
}

/** A chart over time with a switch to the table of the same figures, the newest first. */
export function TimeChartCard({ title, description, empty, className, ...plot }: TimeChartCardProps) {
  const { label, times, series, formatValue, formatMoment } = plot
  const rows = times.map((time, index) => ({ time, index })).toReversed()
  return (
    <ChartCard
      title={title}
      description={description}
      className={className}
      chart={empty ?? <TimeChart {...plot} />}
      table={
        empty ?? (
          <Table
            caption={label}
            rows={rows}
            keyOf={({ time }) => String(time)}
            columns={[
              { key: 'time', header: m.ui_chart_time(), cell: ({ time }) => formatMoment(time) },
              ...series.map(({ key, name, values }) => ({
                key,
                header: name,
                isNumeric: true,
                cell: ({ index }: { index: number }) => {
                  const value = values[index] ?? null
                  return value === null ? m.ui_chart_unknown() : formatValue(value)
                },
              })),
            ]}
          />
        )
      }
    />
  )
}
