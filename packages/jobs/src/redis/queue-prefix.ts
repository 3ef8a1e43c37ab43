import type { QueueName } from '../definitions/define-job.ts'

/** Returns the prefix of a queue's keys. Its braces make one hash slot of them, without which scripts fail on a cluster. */
export const queuePrefix = (queue: QueueName) => `{muster-${queue}}`
