export { dailyTimes, mailRetry, periodsMs, retryPolicies } from './schedules-and-retries.ts'
export { startDailySchedule } from './write-daily-schedulers.ts'
