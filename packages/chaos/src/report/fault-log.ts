import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultRecord } from './record.ts'

/** Keeps the faults that a system was given, and measures how long it takes to recover from each. */
export type FaultLog = {
  /** Notes that a fault begins. */
  began(fault: string): void
  /** Notes that it ended: from now on the system can recover. A fault that did not begin is ignored. */
  ended(fault: string): void
  /** Notes a fault that is over at once. */
  happened(fault: string): void
  /** Stops measuring. @returns all faults */
  close(): Promise<FaultRecord[]>
}

const pollMs = 50

/**
 * Creates a log.
 * @param startRecovery called when a fault ends. Its result tells whether the system has recovered from it
 */
export function createFaultLog(startRecovery: () => () => Promise<boolean>): FaultLog {
  const faults: FaultRecord[] = []
  const open = new Map<string, { record: FaultRecord; startMs: number }>()
  const measured: Promise<void>[] = []
  let isClosed = false

  const measure = async (record: FaultRecord) => {
    const startMs = performance.now()
    const hasRecovered = startRecovery()
    while (!isClosed) {
      if (await hasRecovered().catch(() => false)) {
        record.recoveryMs = Math.round(performance.now() - startMs)
        return
      }
      await sleep(pollMs)
    }
  }
  const began = (fault: string) => {
    const record: FaultRecord = { fault }
    faults.push(record)
    open.set(fault, { record, startMs: performance.now() })
  }
  const ended = (fault: string) => {
    const found = open.get(fault)
    if (!found || isClosed) return
    open.delete(fault)
    found.record.lastedMs = Math.round(performance.now() - found.startMs)
    measured.push(measure(found.record))
  }
  return {
    began,
    ended,
    happened(fault) {
      began(fault)
      ended(fault)
    },
    async close() {
      isClosed = true
      await Promise.all(measured)
      return faults
    },
  }
}

/** A log for runs without a report. */
export const noFaultLog: FaultLog = { began() {}, ended() {}, happened() {}, close: async () => [] }
