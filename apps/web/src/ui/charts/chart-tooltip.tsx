import type { ReactNode } from 'react'

export type ChartTooltipProps = {
  /** The point, in pixels from the upper left corner of the chart. */
  xPx: number
  yPx: number
  chartWidthPx: number
  /** How many lines of text it has, on which depends whether there is room above the point. */
  lines: number
  children: ReactNode
}

const widthPx = 208
const gapPx = 10
const lineHeightPx = 20

/** What is shown about one point, above it, or below where there is no room. Assistive technology reads the name of the point instead. */
export function ChartTooltip({ xPx, yPx, chartWidthPx, lines, children }: ChartTooltipProps) {
  const half = widthPx / 2
  const isBelow = yPx < (lines + 1) * lineHeightPx
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute z-10 w-max max-w-52 rounded-md bg-ink px-2.5 py-1.5 text-sm text-canvas shadow-md"
      style={{
        left: Math.min(Math.max(xPx, half), Math.max(chartWidthPx - half, half)),
        top: isBelow ? yPx + gapPx : yPx - gapPx,
        transform: `translate(-50%, ${isBelow ? '0' : '-100%'})`,
      }}
    >
      {children}
    </div>
  )
}
