import type { Logger } from '@muster/logger'
import { findMachineFault } from '@muster/telemetry'

/** Logs faults of the machine when they begin, change and end, however many jobs they affect. */
export type MachineFaultLog = {
  /** Logs a fault that is new. @returns whether the error is a fault of the machine */
  noteError(jobName: string, error: unknown): boolean
  noteSuccess(jobName: string): void
}

export function createMachineFaultLog(log: Logger): MachineFaultLog {
  const faultOfJob = new Map<string, string>()
  return {
    noteError(jobName, error) {
      const fault = findMachineFault(error)
      if (!fault) return false
      const described = `${fault.code} at ${fault.syscall}`
      if (faultOfJob.get(jobName) !== described) {
        faultOfJob.set(jobName, described)
        log.error(
          { component: 'worker', err: fault, job: jobName },
          'worker machine fault, jobs wait until it is fixed',
        )
      }
      return true
    },
    noteSuccess(jobName) {
      if (faultOfJob.delete(jobName)) log.info({ component: 'worker', job: jobName }, 'worker machine fault resolved')
    },
  }
}
