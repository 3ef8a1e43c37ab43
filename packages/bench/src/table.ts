import type { Line } from './row.ts'

const headers = ['what', 'Muster', 'limit', 'ratio', 'goal', 'reached', 'at ×10', 'memory', "limit's"]

/** Formats the lines as a table for a terminal. */
export function table(lines: readonly Line[]): string {
  const rows = [headers, ...lines.map(cells)]
  const widths = headers.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const draw = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [draw(headers), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.slice(1).map(draw)].join('\n')
}

function cells({ what, muster, limit, ratio, goal, isReached, atTenfold, rssMiB, limitRssMiB }: Line): string[] {
  return [
    what,
    muster,
    limit,
    ratio === undefined ? '' : ratio.toFixed(2),
    goal,
    isReached === undefined ? '' : isReached ? 'yes' : 'NO',
    atTenfold ?? '',
    memory(rssMiB),
    memory(limitRssMiB),
  ]
}

const memory = (mib: number | undefined) => (mib === undefined ? '' : `${mib.toFixed(0)} MiB`)
