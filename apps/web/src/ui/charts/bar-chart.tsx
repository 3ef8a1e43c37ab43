import { scaleBand, scaleLinear } from 'd3-scale'
import { useRef } from 'react'
import { cx } from '../cx.ts'
import { ChartTooltip } from './chart-tooltip.tsx'
import { decorative } from './decorative.ts'
import { ChartLegend, chartColors, type Series } from './series.tsx'
import { usePoints } from './use-points.ts'
import { useWidth } from './use-width.ts'

export type Bars = {
  key: string
  /** Stands below the bars; `name` says the same in full. */
  label: string
  name: string
  /** One number for each series. */
  values: readonly number[]
}

export type BarChartProps = {
  label: string
  series: readonly Series[]
  groups: readonly Bars[]
  formatNumber: (value: number) => string
}

const heightPx = 220
const margin = { top: 10, bottom: 28, start: 34 }
const baseline = heightPx - margin.bottom
const roundPx = 4

/** Returns the outline of a bar whose upper corners are round. */
function barPath(x: number, y: number, width: number): string {
  const round = Math.min(roundPx, width / 2, baseline - y)
  return `M${x},${baseline}V${y + round}q0,${-round} ${round},${-round}h${width - 2 * round}q${round},0 ${round},${round}V${baseline}z`
}

/** Groups of upright bars, one bar of each series in a group. */
export function BarChart({ label, series, groups, formatNumber }: BarChartProps) {
  const ref = useRef<HTMLDivElement>(null)
  const widthPx = useWidth(ref)
  const { active, chartProps, pointProps } = usePoints({ count: groups.length, rowStep: 1, columnStep: 1 })
  const max = Math.max(1, ...groups.flatMap(({ values }) => values))
  const y = scaleLinear([0, max], [baseline, margin.top]).nice(4)
  const x = scaleBand(
    groups.map(({ key }) => key),
    [margin.start, Math.max(widthPx, margin.start + 1)],
  )
  const bar = scaleBand(
    series.map(({ key }) => key),
    [0, Math.min(x.bandwidth() * 0.72, 72)],
  ).paddingInner(0.12)
  const inset = (x.bandwidth() - bar.range()[1]) / 2
  const shown = active === undefined ? undefined : groups[active]
  const textOf = ({ values }: Bars) =>
    series.map(({ name }, index) => `${name}: ${formatNumber(values[index] ?? 0)}`).join(', ')
  return (
    <div>
      <ChartLegend series={series} />
      <div ref={ref} dir="ltr" className="relative" style={{ height: heightPx }}>
        {widthPx > 0 && (
          // biome-ignore lint/a11y/useSemanticElements: an SVG is no fieldset
          <svg {...chartProps} role="group" aria-label={label} width={widthPx} height={heightPx} className="block">
            {y
              .ticks(4)
              .filter(Number.isInteger)
              .map((tick) => (
                <g key={tick} {...decorative} transform={`translate(0,${y(tick)})`}>
                  <line x1={margin.start} x2={widthPx} className="stroke-line" />
                  <text x={margin.start - 8} dy="0.32em" textAnchor="end" className="fill-ink-3 text-xs tabular-nums">
                    {formatNumber(tick)}
                  </text>
                </g>
              ))}
            {groups.map((group, index) => (
              <g
                key={group.key}
                {...pointProps(index, `${group.name}: ${textOf(group)}`)}
                transform={`translate(${x(group.key) ?? 0},0)`}
                className="group outline-none"
              >
                <rect
                  x={2}
                  y={2}
                  width={Math.max(x.bandwidth() - 4, 0)}
                  height={heightPx - 4}
                  rx={6}
                  className={cx(
                    'stroke-2 group-focus-visible:stroke-accent',
                    index === active ? 'fill-ink/6' : 'fill-transparent',
                  )}
                />
                {series.map(({ key, color }, at) => {
                  const value = group.values[at] ?? 0
                  return value > 0 ? (
                    <path
                      key={key}
                      d={barPath(inset + (bar(key) ?? 0), y(value), bar.bandwidth())}
                      className={chartColors[color].fill}
                    />
                  ) : null
                })}
                <text
                  {...decorative}
                  x={x.bandwidth() / 2}
                  y={heightPx - 9}
                  textAnchor="middle"
                  className="fill-ink-2 text-xs"
                >
                  {group.label}
                </text>
              </g>
            ))}
            <line x1={margin.start} x2={widthPx} y1={baseline} y2={baseline} className="stroke-control" />
          </svg>
        )}
        {shown && (
          <ChartTooltip
            xPx={(x(shown.key) ?? 0) + x.bandwidth() / 2}
            yPx={y(Math.max(...shown.values))}
            chartWidthPx={widthPx}
            lines={series.length + 1}
          >
            <p className="font-medium">{shown.name}</p>
            {series.map(({ key, name, color }, index) => (
              <p key={key} className="flex items-center gap-2">
                <span className={cx('size-2.5 rounded-[2px] ring-1 ring-canvas/60', chartColors[color].swatch)} />
                <span className="flex-1">{name}</span>
                <span className="font-medium tabular-nums">{formatNumber(shown.values[index] ?? 0)}</span>
              </p>
            ))}
          </ChartTooltip>
        )}
      </div>
    </div>
  )
}
