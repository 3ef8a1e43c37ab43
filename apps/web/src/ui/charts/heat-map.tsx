import { useEffect, useRef } from 'react'
import { cx } from '../cx.ts'
import { ChartTooltip } from './chart-tooltip.tsx'
import { decorative } from './decorative.ts'
import { usePoints } from './use-points.ts'
import { useWidth } from './use-width.ts'

export type HeatMapCell = {
  key: string
  /** Counts from 0: columns from the oldest week, rows from the first day of the week. */
  column: number
  row: number
  value: number
  name: string
  /** What is shown about it, below its name. */
  text: string
}

export type HeatMapProps = {
  label: string
  /** In their order, column by column. */
  cells: readonly HeatMapCell[]
  columnLabels: readonly { column: number; text: string }[]
  rowLabels: readonly string[]
  legend: { less: string; more: string }
}

const rows = 7
const levels = ['fill-ink/7', 'fill-accent/35', 'fill-accent/55', 'fill-accent/78', 'fill-accent']
const swatches = ['bg-ink/7', 'bg-accent/35', 'bg-accent/55', 'bg-accent/78', 'bg-accent']
const margin = { top: 20, start: 34 }
const minCellPx = 13
const maxCellPx = 18

/** Returns how strong the colour of a value is: 0 for nothing, 4 for the greatest. */
const levelOf = (value: number, max: number) => Math.ceil((value / Math.max(max, levels.length - 1)) * 4)

/** A cell for each day, a column for each week, the stronger its colour the more. On narrow screens it scrolls sideways, and begins at its end. */
export function HeatMap({ label, cells, columnLabels, rowLabels, legend }: HeatMapProps) {
  const outer = useRef<HTMLDivElement>(null)
  const outerPx = useWidth(outer)
  const { active, chartProps, pointProps } = usePoints({ count: cells.length, rowStep: 1, columnStep: rows })
  const columns = (cells.at(-1)?.column ?? 0) + 1
  const cellPx = Math.min(Math.max((outerPx - margin.start) / columns, minCellPx), maxCellPx)
  const widthPx = margin.start + columns * cellPx
  const heightPx = margin.top + rows * cellPx
  const max = Math.max(...cells.map(({ value }) => value), 0)
  const isMeasured = outerPx > 0
  useEffect(() => {
    if (isMeasured && outer.current) outer.current.scrollLeft = outer.current.scrollWidth
  }, [isMeasured])
  const shown = active === undefined ? undefined : cells[active]
  return (
    <div>
      <div ref={outer} dir="ltr" className="overflow-x-auto pb-1" style={{ minHeight: heightPx + 4 }}>
        {isMeasured && (
          <div className="relative" style={{ width: widthPx }}>
            {/* biome-ignore lint/a11y/useSemanticElements: an SVG is no fieldset */}
            <svg {...chartProps} role="group" aria-label={label} width={widthPx} height={heightPx} className="block">
              <g {...decorative} className="fill-ink-3 text-xs">
                {columnLabels.map(({ column, text }) => (
                  <text key={column} x={margin.start + column * cellPx} y={12}>
                    {text}
                  </text>
                ))}
                {rowLabels.map(
                  (text, row) =>
                    row % 2 === 0 && (
                      <text key={text} x={0} y={margin.top + (row + 0.5) * cellPx} dy="0.32em">
                        {text}
                      </text>
                    ),
                )}
              </g>
              {cells.map(({ key, column, row, value, name, text }, index) => (
                <rect
                  key={key}
                  {...pointProps(index, `${name}: ${text}`)}
                  x={margin.start + column * cellPx + 1}
                  y={margin.top + row * cellPx + 1}
                  width={cellPx - 2}
                  height={cellPx - 2}
                  rx={3}
                  className={cx(
                    levels[levelOf(value, max)],
                    'stroke-2 outline-none focus-visible:stroke-ink',
                    index === active && 'stroke-ink-3',
                  )}
                />
              ))}
            </svg>
            {shown && (
              <ChartTooltip
                xPx={margin.start + (shown.column + 0.5) * cellPx}
                yPx={margin.top + (shown.row + 0.5) * cellPx}
                chartWidthPx={widthPx}
                lines={2}
              >
                <p className="font-medium">{shown.name}</p>
                <p>{shown.text}</p>
              </ChartTooltip>
            )}
          </div>
        )}
      </div>
      <p aria-hidden="true" className="mt-2 flex items-center justify-end gap-1.5 text-xs text-ink-3">
        {legend.less}
        {swatches.map((swatch) => (
          <span key={swatch} className={cx('size-3 rounded-[3px]', swatch)} />
        ))}
        {legend.more}
      </p>
    </div>
  )
}
