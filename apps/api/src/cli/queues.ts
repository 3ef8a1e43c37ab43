import { DomainError } from '@muster/errors'
import { openQueueMonitor } from '@muster/jobs/admin'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { explainFailure, ServiceFailure, servicesOf } from '@muster/remedies'
import { durationText } from '@muster/text'
import { failedJobParams, failedQuery, queueParams } from '../modules/admin/admin-queues.schema.ts'
import * as queues from '../modules/admin/admin-queues.service.ts'
import { commandLine } from '../modules/admin/principal.ts'
import { type Result, table } from './command.ts'
import { checked, readServices, redisPatienceMs, withDb } from './environment.ts'
import { surroundings } from './surroundings.ts'

/** Lists the queues with their numbers of jobs. */
export const listQueues = (): Promise<Result> =>
  withQueues(async (deps) => {
    const { queues: counted, outbox } = await queues.readQueues(deps, commandLine)
    const rows = counted.map(({ name, waiting, active, delayed, failed, completed, paused, oldestWaitingMs }) => [
      name,
      ...[waiting, active, delayed, failed, completed].map(String),
      durationText(oldestWaitingMs),
      paused ? 'paused' : '',
    ])
    return {
      data: { queues: counted, outbox },
      lines: [
        ...table(['queue', 'waiting', 'active', 'delayed', 'failed', 'completed', 'oldest', ''], rows),
        '',
        `outbox: ${outbox.pending} pending, the oldest for ${durationText(outbox.oldestMs)}`,
      ],
    }
  })

/** Lists the failed jobs of a queue. @throws Error for an unknown queue or an invalid option */
export function listFailedJobs(
  queue: string | undefined,
  options: Readonly<Record<string, string | undefined>>,
): Promise<Result> {
  const { name } = checked(queueParams, { name: queue })
  const query = checked(failedQuery, options)
  return withQueues(async (deps) => {
    const { jobs, isWhole, pagination } = await queues.listFailed(deps, commandLine, name, query)
    const rows = jobs.map(({ id, name: job, failedAt, requestId, reason }) => [
      ...[id, job, failedAt, requestId ?? '–', reason ?? ''],
    ])
    return {
      data: { jobs, isWhole, pagination },
      lines: [
        ...table(['job', 'name', 'failed', 'request', 'reason'], rows),
        ...(isWhole ? [] : ['Redis is unavailable: only jobs from Postgres are listed.']),
        ...(pagination.nextCursor ? [`further: --cursor ${pagination.nextCursor}`] : []),
      ],
    }
  })
}

/** Retries a failed job. @throws Error for an unknown queue, DomainError as {@link queues.retryFailed} */
export function retryJob(queue: string | undefined, job: string | undefined): Promise<Result> {
  const ref = checked(failedJobParams, { name: queue, jobId: job })
  return withQueues(async (deps) => {
    const jobId = await queues.retryFailed(deps, commandLine, ref)
    return { data: { jobId }, lines: [`The job was retried as ${jobId}.`] }
  })
}

/** Discards a failed job. @throws Error for an unknown queue, DomainError as {@link queues.discardFailed} */
export function discardJob(queue: string | undefined, job: string | undefined): Promise<Result> {
  const ref = checked(failedJobParams, { name: queue, jobId: job })
  return withQueues(async (deps) => {
    await queues.discardFailed(deps, commandLine, ref)
    return { data: { jobId: ref.jobId }, lines: ['The job was discarded.'] }
  })
}

/** Opens the database and the queues for one command, and closes them. */
async function withQueues<T>(use: (deps: queues.QueueDeps) => Promise<T>): Promise<T> {
  const { database, redis } = readServices()
  const queueMonitor = openQueueMonitor(redis, { patienceMs: redisPatienceMs })
  try {
    return await withDb(database, (db) =>
      use({ db, queueMonitor, transact: createTransact({ db, publisher: noPublisher }) }),
    )
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'DEPENDENCY_UNAVAILABLE') throw error
    throw new ServiceFailure(explainFailure(servicesOf(surroundings().env).redis(redis), error.cause), { cause: error })
  } finally {
    queueMonitor.close()
  }
}
