import { beginTrace, runWith } from '@muster/tracing'
import { DelayedError, type Job } from 'bullmq'
import { causeOfJob } from '../outbox/job-cause.ts'

/**
 * Runs a job with its cause, as a part of the trace of that cause.
 * @param name the job, or `unknown`: names of spans are few
 */
export function runTraced(job: Job, name: string, run: () => Promise<void>): Promise<void> {
  const cause = causeOfJob(job)
  const trace = beginTrace(`process ${name}`, {
    kind: 'consumer',
    parent: cause?.traceParent,
    ...(cause?.requestId && { id: cause.requestId }),
    attributes: {
      'messaging.system': 'bullmq',
      'messaging.operation.type': 'process',
      'messaging.destination.name': job.queueName,
      'muster.job.attempt': job.attemptsMade + 1,
    },
  })
  const running = runWith(trace, cause, run)
  if (trace?.isRecorded)
    running.then(
      () => trace.end({ attributes: { 'muster.job.outcome': 'done' } }),
      (error: unknown) =>
        error instanceof DelayedError
          ? trace.end({ attributes: { 'muster.job.outcome': 'later' } })
          : trace.end({ attributes: { 'muster.job.outcome': 'failed' }, error: error }),
    )
  return running
}
