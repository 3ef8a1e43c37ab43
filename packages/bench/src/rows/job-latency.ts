import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, rssMiB, startChild } from '../child.ts'
import type { Enqueued } from '../drivers/enqueue-jobs.ts'
import type { Started } from '../drivers/record-jobs.ts'
import { milliseconds } from '../figures.ts'
import { type QuietRound, quietRounds } from '../quiet.ts'
import type { Line, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median, quantile } from '../statistics.ts'

const perSecond = 500
const goalMs = { p50: 2, p99: 20 }
const arrivalMs = 30_000

type Round = { p50Ms: number; p99Ms: number; maxMs: number; publisherRssMiB: number; workerRssMiB: number }

export const jobLatency: Row = {
  name: 'job-latency',
  number: 7,
  ifMissed:
    'Where this rate alone takes all of the processors, as on a host with slow system calls, the jobs queue. Next: the processor time of both processes and of Postgres for each job.',
  async measure(stage) {
    const env = { DATABASE_URL: stage.databaseUrl, REDIS_URL: stage.redisUrl }
    const enqueuer = await startChild<object, Enqueued[]>(new URL('../drivers/enqueue-jobs.ts', import.meta.url), env)
    const worker = await startChild<object, Started[]>(new URL('../drivers/record-jobs.ts', import.meta.url), env)
    try {
      await measureRound(enqueuer, worker, { perSecond, seconds: stage.plan.warmUpSeconds })
      const { rounds, jobSeconds } = stage.plan
      const measured = await quietRounds(rounds, () =>
        measureRound(enqueuer, worker, { perSecond, seconds: jobSeconds }),
      )
      return [lineOf(measured)]
    } finally {
      await enqueuer.stop()
      await worker.stop()
      await emptyOutbox(stage)
    }
  },
}

async function measureRound(
  enqueuer: Child<object, Enqueued[]>,
  worker: Child<object, Started[]>,
  load: { perSecond: number; seconds: number },
): Promise<Round> {
  const enqueued = await enqueuer.ask(load)
  const startedAt = new Map<string, number>()
  const deadlineMs = performance.now() + arrivalMs
  while (startedAt.size < enqueued.length) {
    if (performance.now() > deadlineMs) throw new Error(`${enqueued.length - startedAt.size} jobs were not started`)
    for (const [jobId, atMs] of await worker.ask({})) startedAt.set(jobId, atMs)
    await sleep(50)
  }
  const latenciesMs = enqueued.map(([jobId, atMs]) => (startedAt.get(jobId) ?? Number.NaN) - atMs)
  return {
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    maxMs: quantile(latenciesMs, 1),
    publisherRssMiB: rssMiB(enqueuer.pid),
    workerRssMiB: rssMiB(worker.pid),
  }
}

function lineOf(rounds: QuietRound<Round>[]): Line {
  const counted = rounds.filter(({ isCounted }) => isCounted)
  const p50Ms = median(counted.map((round) => round.p50Ms))
  const p99Ms = median(counted.map((round) => round.p99Ms))
  return {
    what: `commit → handler started, ${perSecond} jobs/s, p50 and p99`,
    muster: `${milliseconds(p50Ms)}, ${milliseconds(p99Ms)}`,
    limit: '–',
    goal: `≤ ${goalMs.p50} ms, ≤ ${goalMs.p99} ms`,
    isReached: p50Ms <= goalMs.p50 && p99Ms <= goalMs.p99,
    rssMiB: Math.max(...rounds.map((round) => round.workerRssMiB)),
    details: rounds,
  }
}

async function emptyOutbox({ db, redis }: Stage): Promise<void> {
  await db.query('truncate outbox')
  await redis.flushall()
}
