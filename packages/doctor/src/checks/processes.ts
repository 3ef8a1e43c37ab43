import { type ProcessName, processNames } from '@muster/config'
import { type QueueLoads, readQueueLoads } from '@muster/jobs/admin'
import { queueNames } from '@muster/jobs/definitions'
import { isReplaced, isRunning, type ListedProcess, processSilenceMs, workerOf } from '@muster/jobs/processes'
import { counted, durationText } from '@muster/text'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** A process that fell silent longer ago is not reported while others of its kind run. */
const recentMs = 3_600_000

/** Reports processes that are missing or frozen: each announces itself in Redis every five seconds. */
export async function checkProcesses(tools: Tools, notes: Notes): Promise<void> {
  const [db] = await Promise.all([tools.postgres(), tools.redis()])
  const monitor = tools.queues()
  const [listed, loads] = await Promise.all([monitor.processes(), readQueueLoads({ db, monitor })])
  const running = listed.filter(isRunning)
  notes.fact(describe(running))
  for (const name of processNames) {
    const silent = listed.filter((one) => one.name === name && !isRunning(one))
    if (running.some((one) => one.name === name)) noteSilent(silent, listed, notes)
    else noteMissing(name, { last: silent[0], load: loadOf(name, loads), isAlone: running.length === 0 }, notes)
  }
}

function describe(running: readonly ListedProcess[]): string {
  if (running.length === 0) return 'No process has announced itself in the last seconds.'
  const counts = Map.groupBy(running, ({ name }) => name)
  return `Running: ${[...counts].map(([name, all]) => `${all.length} ${name}`).join(', ')}.`
}

/** Jobs of a schedule whose time has come count too: while no worker runs, nobody moves them to the waiting ones. */
function loadOf(name: ProcessName, loads: QueueLoads | undefined) {
  const queue = queueNames.find((queue) => workerOf(queue) === name)
  const found = queue && loads?.queues[queue]
  return found && found.oldestMs > processSilenceMs ? found : undefined
}

type Missing = {
  /** The last process of this kind that fell silent. */
  last: ListedProcess | undefined
  /** The jobs that wait for it. */
  load: { load: number; oldestMs: number } | undefined
  /** Whether no process runs at all, as before the first start. */
  isAlone: boolean
}

/** Reports that no process of a kind runs, except in an installation that was stopped in order and has no jobs. */
function noteMissing(name: ProcessName, { last, load, isAlone }: Missing, notes: Notes): void {
  if (isAlone && !last && !load) return
  const waiting = load
    ? ` ${counted(load.load, 'job')} to do for it, the oldest for ${durationText(load.oldestMs)}.`
    : ''
  notes.find({
    id: 'process-missing',
    severity: 'error',
    what: `No ${name} runs${last ? `: the last one (pid ${last.pid} of ${last.host}) was killed or is frozen, and announced itself ${durationText(Date.now() - last.seenMs)} ago` : ''}.${waiting}`,
    remedy: 'Start it. If its process exists, it is frozen or cannot reach Redis: read its log, and restart it.',
  })
}

/** Reports processes that fell silent while others of their kind run, except those that a newer one has replaced. */
function noteSilent(silent: readonly ListedProcess[], listed: readonly ListedProcess[], notes: Notes): void {
  for (const one of silent) {
    if (isReplaced(one, listed) || Date.now() - one.seenMs > recentMs) continue
    notes.find({
      id: 'process-silent',
      severity: 'warning',
      what: `The ${one.name} ${place(one)} is killed, frozen or cut off from Redis: it is silent for ${durationText(Date.now() - one.seenMs)}. Others of its kind run.`,
      remedy: 'Restart it, and read its log; one that was removed on purpose is forgotten after an hour.',
    })
  }
}

const place = ({ host, pid }: ListedProcess) => `pid ${pid} on ${host}`
