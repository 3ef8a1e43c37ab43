import { z } from 'zod'
import type { DailyTime, RetryPolicy } from '../schedules/schedules-and-retries.ts'

/** The queues; each has a worker app of its own, which scales independently. */
export const queueNames = ['email', 'audit', 'reminder', 'image'] as const
export type QueueName = (typeof queueNames)[number]

export type JobDefinition<P extends z.ZodType = z.ZodType> = {
  queue: QueueName
  name: string
  /** Ids, not contents: payloads lie in Redis in clear text. */
  payload: P
  options: RetryPolicy
  /**
   * An `outbox` job is a row of `outbox` until its effect commits, so it survives the loss of Redis. A `signal` is a
   * wake-up signal: it lives in Redis only, and losing it loses nothing, since a timer or the next one does the same work.
   */
  delivery: 'outbox' | 'signal'
  /** When a daily job is enqueued, in UTC; undefined for other jobs. */
  dailyAt?: DailyTime
}

export type OutboxJob<P extends z.ZodType = z.ZodType> = JobDefinition<P> & { delivery: 'outbox' }
export type SignalJob = JobDefinition & { delivery: 'signal' }
export type DailyJob = SignalJob & { dailyAt: DailyTime }

/** Defines a job as a value: its queue, name, payload and retry policy in one place. */
export function defineJob<P extends z.ZodType>(job: Omit<JobDefinition<P>, 'delivery' | 'dailyAt'>): OutboxJob<P> {
  return { ...job, delivery: 'outbox' }
}

/** Defines a wake-up signal, see {@link JobDefinition.delivery}. It has no payload and is not retried. */
export function defineSignal(signal: Pick<JobDefinition, 'queue' | 'name'>): SignalJob {
  return { ...signal, payload: z.strictObject({}), options: { attempts: 1 }, delivery: 'signal' }
}

/** Defines a signal that a scheduler in Redis enqueues once a day. */
export function defineDailyJob({ dailyAt, ...signal }: Pick<DailyJob, 'queue' | 'name' | 'dailyAt'>): DailyJob {
  return { ...defineSignal(signal), dailyAt }
}
