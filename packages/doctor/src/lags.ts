/** The measures of what is late, without the checks and what they load. */
export { readDueReminders, readMailCounts } from './lags.queries.ts'
