import { durationText, terminalLine } from '@muster/text'
import type { ProcessState, Reading } from '../../modules/admin/installation-status.ts'
import { table } from '../command.ts'
import type { OpsState } from './ask-ops.ts'
import type { Painter } from './painter.ts'
import type { Status } from './read-status.ts'

/** The thresholds of `muster doctor` for the same numbers, beyond which they are shown as bad. */
const badMs = { outbox: 60_000, audit: 60_000, reminders: 60_000, queue: 5 * 60_000 }
const narrowColumns = 72

type View = {
  columns: number
  /** The lines that there is room for. */
  rows?: number
  paint: Painter
}

/** Writes a status as lines of at most `columns` characters: in full, or without blanks and details when that needs more than `rows`. */
export function renderStatus(status: Status, { columns, rows = Number.POSITIVE_INFINITY, paint }: View): string[] {
  const isNarrow = columns < narrowColumns
  const at = isNarrow ? status.at.slice(11, 19) : status.at.replace('T', ' ').slice(0, 19)
  const head = [paint.strong(`Muster ${status.version}   ${at}`), ...hold(status, paint)]
  const full = [
    ...[...head, '', dependencies(status, paint), ''],
    ...[...processes(status, paint, isNarrow), ''],
    ...[...queues(status, paint, isNarrow), ''],
    ...work(status, paint),
    ...opsPorts(status, paint),
  ]
  const compact = () => [
    ...[...head, dependencies(status, paint)],
    ...countProcesses(status, paint),
    ...queues(status, paint, isNarrow),
    ...work(status, paint),
    ...countOpsPorts(status, paint),
  ]
  return (full.length > rows ? compact() : full).map((line) => paint.cut(line, columns))
}

const label = (name: string) => name.padEnd(11)

const orReason = <T>(reading: Reading<T>, show: (value: T) => string[], paint: Painter, name: string): string[] =>
  'value' in reading ? show(reading.value) : [label(name) + paint.bad(`unknown: ${reading.unavailable}`)]

function hold({ heldAt }: Status, paint: Painter): string[] {
  const since = 'value' in heldAt ? heldAt.value : null
  return since ? [paint.warn(`HELD since ${since.slice(0, 16)}: sends nothing until \`muster release\``)] : []
}

function dependencies({ dependencies: all }: Status, paint: Painter): string {
  return Object.entries(all)
    .map(([name, one]) =>
      one.status === 'up'
        ? `${name} ${paint.good('up')} ${paint.faint(`${one.latencyMs} ms`)}`
        : `${name} ${paint.bad(`DOWN ${one.reason}`)}`,
    )
    .join('   ')
}

function processes({ processes: reading, at }: Status, paint: Painter, isNarrow: boolean): string[] {
  const nowMs = Date.parse(at)
  const show = (all: ProcessState[]) => {
    if (all.length === 0) return [paint.warn(noProcess)]
    const sorted = all.toSorted((one, other) => one.name.localeCompare(other.name) || one.pid - other.pid)
    const rows = sorted.map(({ name, host, pid, version, startedAt, seenMs, isSilent, isReplaced }) => [
      name,
      ...(isNarrow ? [] : [terminalLine(host), String(pid)]),
      version,
      durationText(nowMs - Date.parse(startedAt)),
      isSilent ? `silent for ${durationText(nowMs - seenMs)}${isReplaced ? ', replaced' : ''}` : 'runs',
    ])
    const header = ['process', ...(isNarrow ? [] : ['host', 'pid']), 'release', 'since', '']
    return paintRows(table(header, rows), paint, (index) => (isMissed(sorted[index]) ? paint.bad : undefined))
  }
  return orReason(reading, show, paint, 'processes')
}

/** Counts the processes of each kind in a line, the silent ones first. */
function countProcesses({ processes: reading }: Status, paint: Painter): string[] {
  const show = (all: ProcessState[]) => {
    const counts = Map.groupBy(
      all.filter((one) => !one.isReplaced).toSorted((one, other) => Number(other.isSilent) - Number(one.isSilent)),
      (one) => (isMissed(one) ? paint.bad(`${one.name} silent`) : one.name),
    )
    const kinds = [...counts].map(([kind, { length }]) => `${length} ${kind}`).join(', ')
    return [label('processes') + (kinds || paint.warn(noProcess))]
  }
  return orReason(reading, show, paint, 'processes')
}

/** Whether a process fell silent and no other one took its place. */
const isMissed = (one: ProcessState | undefined) => one?.isSilent === true && !one.isReplaced

const noProcess = 'No process has announced itself within a day.'

function queues({ queues: reading }: Status, paint: Painter, isNarrow: boolean): string[] {
  return orReason(
    reading,
    (all) => {
      const rows = all.map((queue) => [
        queue.name,
        ...[queue.waiting, queue.active, ...(isNarrow ? [] : [queue.delayed]), queue.failed].map(String),
        queue.oldestMs > 0 ? durationText(queue.oldestMs) : '-',
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
  return [
    ...orReason(
      outbox,
      ({ pending, oldestMs }) => [
        label('outbox') + late(oldestMs, badMs.outbox, `${pending} pending, the oldest ${durationText(oldestMs)}`),
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
          late(lateMs, badMs.reminders, `${due} due${due > 0 ? `, the oldest ${durationText(lateMs)} late` : ''}`),
      ],
      paint,
      'reminders',
    ),
    ...orReason(
      auditLagMs,
      (ms) => [label('audit') + late(ms, badMs.audit, `${durationText(ms)} behind`)],
      paint,
      'audit',
    ),
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
  const states = ops.map(({ url, isReady, obstacles }) => {
    const place = url.replace(/^https?:\/\//, '').replace(/\/$/, '')
    return `  ${terminalLine(place)} ${isReady ? paint.good('ready') : paint.bad(terminalLine(obstacles ?? 'not ready'))}`
  })
  return [...openSockets(ops), '', paint.faint('ops ports'), ...states]
}

/** Counts the processes that are not ready by their ops ports, when there are any. */
function countOpsPorts({ ops }: Status, paint: Painter): string[] {
  const { length } = ops.filter(({ isReady }) => !isReady)
  return [...openSockets(ops), ...(length > 0 ? [label('ops ports') + paint.bad(`${length} not ready`)] : [])]
}

function openSockets(ops: readonly OpsState[]): string[] {
  const sockets = ops.flatMap((one) => (one.sockets === undefined ? [] : [one.sockets]))
  return sockets.length > 0 ? [`${label('sockets')}${sockets.reduce((sum, each) => sum + each, 0)} open`] : []
}
