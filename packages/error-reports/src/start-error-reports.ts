import type { ErrorReportsSettings } from '@muster/config'
import type { Logger } from '@muster/logger'
import { setReporter } from './report-error.ts'

/** The running reports of a process. */
export type ErrorReports = {
  /** Sends what is left, for at most two seconds. Further errors are not reported. */
  close(): Promise<void>
}

type Options = {
  /** The process, e.g. `api`. */
  name: string
  /** Undefined when nothing is reported. */
  settings: ErrorReportsSettings | undefined
  log: Logger
}

/** Starts to report unexpected errors of this process. Without settings it does nothing, and the SDK is not even loaded. */
export async function startErrorReports({ name, settings, log }: Options): Promise<ErrorReports> {
  if (!settings) return { async close() {} }
  const { createReporter } = await import('./reporter.ts')
  const { report, close } = createReporter({ name, settings, log })
  setReporter(report)
  return {
    async close() {
      setReporter(undefined)
      await close()
    },
  }
}
