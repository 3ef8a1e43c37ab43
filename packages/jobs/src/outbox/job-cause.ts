import type { Cause } from '@muster/cause'
import type { Job, JobsOptions } from 'bullmq'
import type { OutboxRow } from './effects.ts'

/** The options of a job in BullMQ. The cause is no part of the payload, whose schema would refuse it in a previous release. */
export type JobOptions = JobsOptions & { cause?: Cause }

type CauseColumns = Pick<OutboxRow, 'request_id' | 'trace_parent'>

/** Returns the options that carry the cause of a row to the worker; none for a row without one. */
export function optionsOfCause({ request_id, trace_parent }: CauseColumns): Pick<JobOptions, 'cause'> {
  if (request_id === null && trace_parent === null) return {}
  return { cause: { ...(request_id && { requestId: request_id }), ...(trace_parent && { traceParent: trace_parent }) } }
}

/** Returns the cause of a job; undefined for a signal, a scheduled job, and one that a previous release published. */
export const causeOfJob = ({ opts }: Pick<Job, 'opts'>): Cause | undefined => (opts as JobOptions).cause
