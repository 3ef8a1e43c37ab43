import type { BackoffOptions } from 'bullmq'
import type { z } from 'zod'

/** The queues; each has a worker app of its own that scales by itself. */
export const queueNames = ['email', 'audit', 'reminder', 'image'] as const
export type QueueName = (typeof queueNames)[number]

type JobOptions = {
  /** Runs that may fail by the handler's own fault; a dependency that is away uses up none. */
  attempts: number
  backoff?: BackoffOptions
}

export type JobDefinition<P extends z.ZodType = z.ZodType> = {
  queue: QueueName
  name: string
  /** Ids, not contents: payloads lie in Redis in clear text. */
  payload: P
  options: JobOptions
  /**
   * `owed` jobs are outbox rows until their effect commits. A `hint` only wakes a worker earlier than its own timer
   * would: it has no row, and losing it loses nothing.
   */
  delivery: 'owed' | 'hint'
}

export type OwedJob<P extends z.ZodType = z.ZodType> = JobDefinition<P> & { delivery: 'owed' }
export type HintJob = JobDefinition & { delivery: 'hint' }

/** A job as a value: its queue, name, payload and retry policy in one place. */
export function defineJob<P extends z.ZodType>(job: Omit<JobDefinition<P>, 'delivery'>): OwedJob<P> {
  return { ...job, delivery: 'owed' }
}

/** A job that only wakes its worker, see {@link JobDefinition.delivery}. */
export function defineHint(job: Pick<JobDefinition, 'queue' | 'name' | 'payload'>): HintJob {
  return { ...job, options: { attempts: 1 }, delivery: 'hint' }
}
