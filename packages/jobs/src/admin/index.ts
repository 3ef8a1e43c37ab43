export { causeOfJob } from '../outbox/job-cause.ts'
export { keptJobs } from '../redis/kept-jobs.ts'
export { discardAllJobs } from './discard-all-jobs.ts'
export {
  countFailedIn,
  countFailedJobs,
  countFailedOf,
  deleteFailedJobs,
  type FailedJob,
  type FailedJobFilter,
  type FailedJobGroup,
  findFirstFailure,
  findOutboxJob,
  groupFailedJobs,
  isRowId,
  listFailedJobs,
  lockFailedJobs,
  takeFailedJob,
} from './failed-jobs.ts'
export { type JobOfRequest, listRowsOfRequest, type RowOfRequest } from './jobs-of-request.ts'
export { type QueueLoad, type QueueLoads, readQueueLoads } from './queue-load.ts'
export { type EndedJobs, type FailedSignal, openQueueMonitor, type QueueMonitor } from './queue-monitor.ts'
