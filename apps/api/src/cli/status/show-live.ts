import { setTimeout as sleep } from 'node:timers/promises'

/** Enters and leaves the second screen of a terminal, without a cursor, so that the view leaves nothing behind. */
const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'
const toTop = '\u001b[H'
const clearLine = '\u001b[K'
const clearBelow = '\u001b[J'

/** A blank line, and the one that names the keys. */
const keyLines = 2
/** `q`, and what a terminal without signals sends for Ctrl-C and Ctrl-D. */
const quitKeys = ['q', 'Q', '\u0003', '\u0004']

type Options<T> = {
  read: () => Promise<T>
  /** Writes the view for a place of so many characters and lines. */
  render: (value: T, place: { columns: number; rows: number }) => string[]
  everyMs: number
}

/** Shows a view that refreshes in place until `q`, Ctrl-C or a signal; `r` refreshes at once. @returns what was shown last */
export async function showLive<T>({ read, render, everyMs }: Options<T>): Promise<T> {
  const { stdin, stdout } = process
  const ended = new AbortController()
  let wake = new AbortController()
  let last = await read()

  const draw = () => {
    const { columns = 80, rows = 24 } = stdout
    const room = Math.max(0, rows - keyLines)
    const all = render(last, { columns, rows: room })
    const left = all.length - room
    const keys = `q quit   r refresh${left > 0 ? `   ${left} more below: enlarge the window, or use --once` : ''}`
    const lines = [...all.slice(0, room), '', keys.slice(0, columns)].slice(0, rows)
    stdout.write(toTop + lines.map((line) => line + clearLine).join('\n') + clearBelow)
  }
  const onKey = (key: Buffer) => {
    const letters = [...key.toString()]
    if (letters.some((letter) => quitKeys.includes(letter))) ended.abort()
    if (letters.some((letter) => [...quitKeys, 'r', 'R'].includes(letter))) wake.abort()
  }
  const end = () => {
    ended.abort()
    wake.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
  stdout.on('resize', draw)
  if (stdin.isTTY) stdin.setRawMode(true)
  stdin.on('data', onKey).resume()
  stdout.write(enter)
  try {
    while (!ended.signal.aborted) {
      draw()
      await sleep(everyMs, undefined, { signal: wake.signal }).catch(() => {})
      wake = new AbortController()
      if (!ended.signal.aborted) last = await read()
    }
  } finally {
    stdout.off('resize', draw)
    stdout.write(leave)
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.off('data', onKey).pause()
  }
  return last
}
