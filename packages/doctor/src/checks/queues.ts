import { countFailedJobs, readQueueLoads } from '@muster/jobs/admin'
import { queueNames } from '@muster/jobs/definitions'
import { isRunning, workerOf } from '@muster/jobs/processes'
import { counted, durationText } from '@muster/text'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** A job that waits this long shows that no worker, or too few, process its queue. */
const behindMs = 5 * 60_000

/** Looks at what waits and what failed in each queue. */
export async function checkQueues(tools: Tools, notes: Notes): Promise<void> {
  const db = await tools.postgres()
  for (const [queue, failed] of await countFailedJobs(db))
    notes.find({
      id: 'failed-jobs',
      severity: 'warning',
      what: `${counted(failed, 'job')} of the queue ${queue} failed for good.`,
      remedy: `Read the reasons on the page of this queue or with \`muster queues failed ${queue}\`, mend the cause, and retry or discard each.`,
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
  const running = (await monitor.processes()).filter(isRunning).map(({ name }) => name)
  for (const name of queueNames) {
    const { load = 0, oldestMs = 0 } = loads?.queues[name] ?? {}
    // The check of the processes reports jobs that wait because no worker runs.
    if (oldestMs <= behindMs || !running.includes(workerOf(name))) continue
    notes.find({
      id: 'queue-behind',
      severity: 'error',
      what: `The queue ${name} is behind: ${counted(load, 'job')}, the oldest waiting for ${durationText(oldestMs)}.`,
      remedy: `Look at the log of the ${name} worker, and start more of them; \`muster status\` shows which processes run.`,
    })
  }
}
