export { startDailySchedule } from './daily-schedule.ts'
export { dailyTimes, mailRetry, periodsMs, retryPolicies } from './schedules-and-retries.ts'
