import type { Logger } from '@muster/logger'
import type { z } from 'zod'
import type { JobDefinition } from '../definitions/define-job.ts'
import type { Transact } from '../outbox/transact.ts'

export type HandlerContext = {
  jobId: string
  /** 1 for the first run that counts; a run that failed because a dependency is unavailable does not count. */
  attempt: number
  log: Logger
  /** Aborts when the process must end: the handler stops, and another worker runs the job from its beginning. */
  signal: AbortSignal
  /**
   * The transaction of the job's effect, once per run: it also deletes the job's outbox row, so effect and
   * acknowledgement are one. Throws {@link AlreadyDone} when an earlier run committed it.
   */
  transact: Transact
  /** Reports that a statement of the handler deleted the outbox row together with the effect, as `transact` would. */
  acknowledged(): void
}

export type Handler = {
  job: JobDefinition
  run: (payload: unknown, context: HandlerContext) => Promise<void>
}

/** Binds a handler to its job; `run` gets the payload as the job's schema parsed it. */
export function handle<P extends z.ZodType>(
  job: JobDefinition<P>,
  run: (payload: z.output<P>, context: HandlerContext) => Promise<void>,
): Handler {
  return { job, run: run as Handler['run'] }
}

/** An earlier run of the same job committed the effect; the worker counts that as success. */
export class AlreadyDone extends Error {
  constructor(jobId: string) {
    super(`job ${jobId} was done by an earlier run`)
    this.name = 'AlreadyDone'
  }
}

/** No retry can help: the job fails and is kept with the reason. */
export class PermanentError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'PermanentError'
  }
}

/** The job or its payload is none that this release knows. */
export class UnknownJobError extends PermanentError {}

/** A dependency of the job is unavailable: the job is retried after the delay, without using up an attempt. */
export class RetryLater extends Error {
  readonly delayMs: number

  constructor(reason: string, delayMs: number, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'RetryLater'
    this.delayMs = delayMs
  }
}
