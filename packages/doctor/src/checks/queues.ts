import { processNames } from '@muster/config'
import { countFailedJobs, readQueueLoads } from '@muster/jobs/admin'
import { type ListedProcess, processSilenceMs } from '@muster/jobs/processes'
import { counted } from '@muster/text'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** A job that waits this long shows that no worker, or too few, process its queue. */
const behindMs = 5 * 60_000

/** Looks at what waits and what failed in each queue, and at the processes that work. */
export async function checkQueues(tools: Tools, notes: Notes): Promise<void> {
  const db = await tools.postgres()
  for (const [queue, failed] of await countFailedJobs(db))
    notes.find({
      id: 'failed-jobs',
      severity: 'warning',
      what: `${counted(failed, 'job')} of the queue ${queue} failed for good.`,
      remedy: `Read the reasons with \`muster queues failed ${queue}\`, mend the cause, and retry or discard each.`,
    })
  await tools.redis()
  const monitor = tools.queues()
  for (const { name, isPaused, failedSignals } of await monitor.count()) {
    if (failedSignals > 0)
      notes.fact(`${counted(failedSignals, 'signal')} of the queue ${name} failed; the schedule runs them again.`)
    if (isPaused)
      notes.find({
        id: 'queue-paused',
        severity: 'warning',
        what: `The queue ${name} is paused.`,
        remedy: 'Resume it on the page of the queues, when nothing speaks against it.',
      })
  }
  const loads = await readQueueLoads({ db, monitor })
  for (const [name, { load, oldestMs }] of Object.entries(loads?.queues ?? {})) {
    if (oldestMs <= behindMs) continue
    notes.find({
      id: 'queue-behind',
      severity: 'error',
      what: `The queue ${name} is behind: ${counted(load, 'job')}, the oldest waiting for ${Math.round(oldestMs / 60_000)} min.`,
      remedy: `Start the ${name} worker, or more of them, and look at its log; \`muster status\` shows which processes run.`,
    })
  }
  checkProcesses(await monitor.processes(), notes)
}

/** Each process announces itself every few seconds, and takes itself from the list when it ends in order. */
function checkProcesses(listed: readonly ListedProcess[], notes: Notes): void {
  const nowMs = Date.now()
  const running = Map.groupBy(
    listed.filter(({ seenMs }) => nowMs - seenMs < processSilenceMs),
    ({ name }) => name,
  )
  if (running.size === 0) {
    notes.fact('No process has announced itself in the last seconds.')
    return
  }
  notes.fact(`Running: ${[...running].map(([name, all]) => `${all.length} ${name}`).join(', ')}.`)
  for (const name of processNames.filter((one) => !running.has(one))) {
    const last = listed.find((one) => one.name === name)
    notes.find({
      id: 'process-missing',
      severity: 'error',
      what: last
        ? `No ${name} runs: the last one (pid ${last.pid} of ${last.host}) was killed or is frozen, and announced itself ${ago(nowMs - last.seenMs)} ago.`
        : `No ${name} runs, while others do.`,
      remedy: `Start it. If its process exists, it is frozen or cannot reach Redis: read its log, and restart it.`,
    })
  }
}

const ago = (ms: number) => (ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`)
