import { formatNumber } from '../../lib/numbers.ts'

/** Returns a number of bytes as people read it. */
export function bytesText(bytes: number): string {
  const [unit, size] =
    bytes < 1_000_000
      ? (['kilobyte', 1_000] as const)
      : bytes < 1_000_000_000
        ? (['megabyte', 1_000_000] as const)
        : (['gigabyte', 1_000_000_000] as const)
  const format = { style: 'unit', unit, maximumFractionDigits: bytes < 1_000_000 ? 0 : 1 } as const
  return formatNumber(Math.max(bytes / size, bytes > 0 && size === 1_000 ? 1 : 0), format)
}
