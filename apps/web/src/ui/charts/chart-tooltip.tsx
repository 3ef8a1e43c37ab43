import type { ReactNode } from 'react'

export type ChartTooltipProps = {
  /** The point, in pixels from the upper left corner of the chart. */
  xPx: number
  yPx: number
  chartWidthPx: number
  children: ReactNode
}

const widthPx = 176
const gapPx = 10

/** What is shown about one point, above it, or below where there is no room. Assistive technology reads the name of the point instead. */
export function ChartTooltip({ xPx, yPx, chartWidthPx, children }: ChartTooltipProps) {
  const half = widthPx / 2
  const isBelow = yPx < 84
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute z-10 w-max max-w-44 rounded-md bg-ink px-2.5 py-1.5 text-sm text-canvas shadow-md"
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
