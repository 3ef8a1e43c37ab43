/** Colours text, or leaves it as it is. */
export type Painter = Record<'strong' | 'faint' | 'good' | 'warn' | 'bad', (text: string) => string> & {
  /** Cuts a line after so many visible characters. */
  cut(line: string, columns: number): string
}

const escapeCode = '\u001b'
const codes = { strong: 1, faint: 2, good: 32, warn: 33, bad: 31 } as const

/** Creates a painter; without colours it changes nothing. */
export function createPainter(hasColours: boolean): Painter {
  const paint = (code: number) => (text: string) =>
    hasColours ? `${escapeCode}[${code}m${text}${escapeCode}[0m` : text
  return {
    strong: paint(codes.strong),
    faint: paint(codes.faint),
    good: paint(codes.good),
    warn: paint(codes.warn),
    bad: paint(codes.bad),
    cut: (line, columns) => cutVisible(line, columns),
  }
}

/** Splits a line into escape sequences, which take no room, and the characters between. */
const parts = new RegExp(`${escapeCode}\\[\\d+m|.`, 'gu')

function cutVisible(line: string, columns: number): string {
  let room = columns
  const kept = (line.match(parts) ?? []).filter((part) => part.startsWith(escapeCode) || room-- > 0)
  return kept.join('')
}
