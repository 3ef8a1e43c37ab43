import { formatNumber } from './numbers.ts'

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** Returns a span of time in its greatest unit, in the language of the page: `3.5 min`. */
export function formatDuration(ms: number): string {
  const [unit, unitMs] = units.find(([, size]) => ms >= size) ?? (['millisecond', 1] as const)
  const value = ms / unitMs
  return formatNumber(value, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 && unit !== 'millisecond' ? 1 : 0,
  })
}
