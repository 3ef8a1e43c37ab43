import { terminalLine } from '@muster/text'
import { table } from '../command.ts'
import type { Painter } from './painter.ts'
import type { Reading, Status } from './read-status.ts'

/** The thresholds of `muster doctor` for the same numbers, beyond which they are shown as bad. */
const badMs = { outbox: 60_000, audit: 60_000, reminders: 60_000, queue: 5 * 60_000 }
const narrowColumns = 72

/** Writes a status as lines of at most `columns` characters. */
export function renderStatus(status: Status, { columns, paint }: { columns: number; paint: Painter }): string[] {
  const isNarrow = columns < narrowColumns
  const lines = [
    paint.strong(
      `Muster ${status.version}   ${isNarrow ? status.at.slice(11, 19) : status.at.replace('T', ' ').slice(0, 19)}`,
    ),
    ...hold(status, paint),
    '',
    dependencies(status, paint),
    '',
    ...processes(status, paint, isNarrow),
    '',
    ...queues(status, paint, isNarrow),
    '',
    ...work(status, paint),
    ...opsPorts(status, paint),
  ]
  return lines.map((line) => paint.cut(line, columns))
}

const orReason = <T>(reading: Reading<T>, show: (value: T) => string[], paint: Painter, name: string): string[] =>
  'value' in reading ? show(reading.value) : [`${name.padEnd(11)}${paint.bad(`unknown: ${reading.unavailable}`)}`]

function hold({ heldAt }: Status, paint: Painter): string[] {
  const since = 'value' in heldAt ? heldAt.value : null
  return since ? [paint.warn(`HELD since ${since.slice(0, 16)}: sends nothing until \`muster release\``)] : []
}

function dependencies({ dependencies: all }: Status, paint: Painter): string {
  return Object.entries(all)
    .map(([name, { status, latencyMs, reason }]) =>
      status === 'up'
        ? `${name} ${paint.good('up')} ${paint.faint(`${latencyMs} ms`)}`
        : `${name} ${paint.bad(`DOWN ${reason}`)}`,
    )
    .join('   ')
}

function processes({ processes: reading, at }: Status, paint: Painter, isNarrow: boolean): string[] {
  const nowMs = Date.parse(at)
  const show = (all: (Reading<never> extends never ? never : Extract<typeof reading, { value: unknown }>)['value']) => {
    if (all.length === 0) return [paint.warn('No process has announced itself within a day.')]
    const sorted = all.toSorted((one, other) => one.name.localeCompare(other.name) || one.pid - other.pid)
    const rows = sorted.map(({ name, host, pid, version, startedAt, seenMs, isSilent }) => [
      name,
      ...(isNarrow ? [] : [terminalLine(host), String(pid)]),
      version,
      ago(nowMs - Date.parse(startedAt)),
      isSilent ? `silent for ${ago(nowMs - seenMs)}` : 'runs',
    ])
    const header = ['process', ...(isNarrow ? [] : ['host', 'pid']), 'release', 'since', '']
    return paintRows(table(header, rows), paint, (index) => (sorted[index]?.isSilent ? paint.bad : undefined))
  }
  return orReason(reading, show, paint, 'processes')
}

function queues({ queues: reading }: Status, paint: Painter, isNarrow: boolean): string[] {
  return orReason(
    reading,
    (all) => {
      const rows = all.map((queue) => [
        queue.name,
        ...[queue.waiting, queue.active, ...(isNarrow ? [] : [queue.delayed]), queue.failed].map(String),
        queue.oldestMs > 0 ? ago(queue.oldestMs) : '-',
        `${queue.endedPerMinute}/min`,
        queue.isPaused ? 'paused' : '',
      ])
      const header = ['queue', 'waiting', 'active', ...(isNarrow ? [] : ['delayed']), 'failed', 'oldest', 'done', '']
      return paintRows(table(header, rows), paint, (index) => {
        const queue = all[index]
        if (!queue) return undefined
        if (queue.oldestMs > badMs.queue) return paint.bad
        return queue.failed > 0 || queue.isPaused ? paint.warn : undefined
      })
    },
    paint,
    'queues',
  )
}

function paintRows(
  lines: string[],
  paint: Painter,
  colourOf: (index: number) => ((text: string) => string) | undefined,
) {
  const [header = '', ...rows] = lines
  return [paint.faint(header), ...rows.map((row, index) => colourOf(index)?.(row) ?? row)]
}

function work({ outbox, mails, auditLagMs, reminders }: Status, paint: Painter): string[] {
  const late = (ms: number, limitMs: number, text: string) => (ms > limitMs ? paint.bad(text) : text)
  const label = (name: string) => name.padEnd(11)
  return [
    ...orReason(
      outbox,
      ({ pending, oldestMs }) => [
        label('outbox') + late(oldestMs, badMs.outbox, `${pending} pending, the oldest ${ago(oldestMs)}`),
      ],
      paint,
      'outbox',
    ),
    ...orReason(
      mails,
      (counts) => [
        `${label('mails')}${mailStates.flatMap((state) => count(state, counts[state] ?? 0, paint)).join('  ')}  in 24 h`,
      ],
      paint,
      'mails',
    ),
    ...orReason(
      reminders,
      ({ count: due, lateMs }) => [
        label('reminders') +
          late(lateMs, badMs.reminders, `${due} due${due > 0 ? `, the oldest ${ago(lateMs)} late` : ''}`),
      ],
      paint,
      'reminders',
    ),
    ...orReason(auditLagMs, (ms) => [label('audit') + late(ms, badMs.audit, `${ago(ms)} behind`)], paint, 'audit'),
  ]
}

const mailStates = ['queued', 'sending', 'sent', 'failed', 'dropped']

/** The rarer states are left out while no mail has them. */
function count(state: string, number: number, paint: Painter): string[] {
  if (state === 'failed' && number > 0) return [paint.warn(`${number} failed`)]
  return number > 0 || state === 'queued' || state === 'sent' ? [`${number} ${state}`] : []
}

function opsPorts({ ops }: Status, paint: Painter): string[] {
  if (ops.length === 0) return []
  const sockets = ops.flatMap((one) => (one.sockets === undefined ? [] : [one.sockets]))
  const states = ops.map(({ url, isReady, obstacles }) => {
    const place = url.replace(/^https?:\/\//, '').replace(/\/$/, '')
    return `  ${terminalLine(place)} ${isReady ? paint.good('ready') : paint.bad(terminalLine(obstacles ?? 'not ready'))}`
  })
  const total = sockets.reduce((sum, each) => sum + each, 0)
  return [
    ...(sockets.length > 0 ? [`${'sockets'.padEnd(11)}${total} open`] : []),
    '',
    paint.faint('ops ports'),
    ...states,
  ]
}

/** Writes a duration by its largest unit. */
function ago(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}
