import { countFailedJobs, readQueueLoads } from '@muster/jobs/admin'
import { type ListedProcess, processSilenceMs } from '@muster/jobs/processes'
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
      what: `${failed} ${failed === 1 ? 'job' : 'jobs'} of the queue ${queue} failed for good.`,
      remedy: `Read the reasons with \`muster queues failed ${queue}\`, mend the cause, and retry or discard each.`,
    })
  await tools.redis()
  const monitor = tools.queues()
  for (const { name, isPaused, failedSignals } of await monitor.count()) {
    if (failedSignals > 0)
      notes.fact(`${failedSignals} signals of the queue ${name} failed; they run again by schedule.`)
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
      what: `${load} jobs of the queue ${name} wait, the oldest for ${Math.round(oldestMs / 60_000)} min.`,
      remedy: `Start the ${name} worker, or more of them, and look at its log; \`muster status\` shows which processes run.`,
    })
  }
  notes.fact(describe(await monitor.processes()))
}

function describe(listed: readonly ListedProcess[]): string {
  const running = listed.filter(({ seenMs }) => Date.now() - seenMs < processSilenceMs)
  if (running.length === 0) return 'No process has announced itself in the last seconds.'
  const counts = Map.groupBy(running, ({ name }) => name)
  return `Running: ${[...counts].map(([name, all]) => `${all.length} ${name}`).join(', ')}.`
}
