import type { Series } from './series.tsx'

export const plotHeightPx = 220

export type TimeSeries = Series & {
  /** One for each time; null where it is not known, which leaves a gap. */
  values: readonly (number | null)[]
  kind?: 'line' | 'area' | 'bars' | undefined
}

export type TimePlotProps = {
  /** What the chart shows, for assistive technology. */
  label: string
  /** In milliseconds since 1970, ascending. */
  times: readonly number[]
  /** The span of the axis, which may be longer than what is known. */
  fromMs: number
  toMs: number
  series: readonly TimeSeries[]
  timeZone: string
  /** A value as it stands in the table and beside the pointer. */
  formatValue: (value: number) => string
  /** A value of the axis, where there is little room; `formatValue` by default. */
  formatTick?: ((value: number) => string) | undefined
  /** How far the axis of values reaches at least; 1 by default. */
  leastTop?: number | undefined
  /** An instant in full. */
  formatMoment: (timeMs: number) => string
}
