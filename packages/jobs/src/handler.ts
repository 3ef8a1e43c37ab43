import type { Logger } from '@muster/logger'
import type { z } from 'zod'
import type { JobDefinition } from './define-job.ts'
import type { Transact } from './outbox.ts'

export type HandlerContext = {
  jobId: string
  /** 1 for the first run that counts; waiting for a dependency does not count. */
  attempt: number
  log: Logger
  /** Aborts when the process must end: stop and let another worker begin anew. */
  signal: AbortSignal
  /**
   * The transaction of the job's effect, once per run: it also deletes the job's outbox row, so effect and
   * acknowledgement are one. Throws {@link AlreadyDone} when an earlier run committed it.
   */
  transact: Transact
  /** Tells that a statement of the handler's own deleted the outbox row together with the effect, as `transact` would. */
  acknowledged(): void
}

export type Handler = {
  job: JobDefinition
  run: (payload: unknown, context: HandlerContext) => Promise<void>
}

/** Binds a handler to its job; the payload was parsed by the job's schema. */
export function handle<P extends z.ZodType>(
  job: JobDefinition<P>,
  run: (payload: z.output<P>, context: HandlerContext) => Promise<void>,
): Handler {
  return { job, run: run as Handler['run'] }
}

/** The effect was committed by an earlier run of the same job; the worker counts that as success. */
export class AlreadyDone extends Error {
  constructor(jobId: string) {
    super(`job ${jobId} was done by an earlier run`)
    this.name = 'AlreadyDone'
  }
}

/** No further try can help: the job fails for good and is kept with the reason. */
export class PermanentError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'PermanentError'
  }
}

/** Something that the job needs is away: it comes back after the delay, and no attempt is used up. */
export class RetryLater extends Error {
  readonly delayMs: number

  constructor(reason: string, delayMs: number, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'RetryLater'
    this.delayMs = delayMs
  }
}
