import type { Logger } from '@muster/logger'
import { findMachineFault } from '@muster/telemetry'

/** Tells of faults of the machine when they begin, change and end, however many jobs meet them. */
export type MachineFaultLog = {
  /** @returns whether the error is a fault of the machine, which was told then unless it was known */
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
        log.error({ err: fault, job: jobName }, 'worker machine fault, jobs wait until it is mended')
      }
      return true
    },
    noteSuccess(jobName) {
      if (faultOfJob.delete(jobName)) log.info({ job: jobName }, 'worker machine fault is over')
    },
  }
}
