/** How long BullMQ keeps jobs that have ended, and how many of each queue at most; `age` is in seconds. */
export const keptJobs = {
  completed: { age: 3_600, count: 10_000 },
  failed: { age: 30 * 86_400, count: 10_000 },
} as const
