export { type ErrorContext, reportError } from './report-error.ts'
export { type ErrorReports, startErrorReports } from './start-error-reports.ts'
