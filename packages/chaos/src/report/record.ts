import { appendFileSync } from 'node:fs'
import { expect } from 'vitest'

/** The record of one system: written when it closes. */
export type SystemRecord = {
  kind: 'system'
  file: string
  faults: FaultRecord[]
  ledger: LedgerRecord[]
}

/** A fault and how long the system took to recover once it ended; undefined when that was not seen. */
export type FaultRecord = { fault: string; lastedMs?: number | undefined; recoveryMs?: number | undefined }

/** The acknowledged requests of one kind, and their effects. */
export type LedgerRecord = {
  effect: string
  acknowledged: number
  done: number
  /** Recorded and not done yet, because the test ended before, or without a process that does it. */
  waiting: number
  lost: number
  repeated: number
}

export type AlertRecord = { kind: 'alert'; fault: string; alert: string; afterMs: number }

export type ChaosRecord = SystemRecord | AlertRecord

const path = process.env.CHAOS_RECORDS

/** Whether `npm run chaos` wants a report; tests that run otherwise measure and write nothing. */
export const isRecording = path !== undefined

/** Adds a record to those of the run. */
export function writeRecord(record: ChaosRecord): void {
  if (path) appendFileSync(path, `${JSON.stringify(record)}\n`)
}

/** Returns the name of the test file that runs. */
export function currentFile(): string {
  const { testPath = '' } = expect.getState()
  return testPath.replace(/^.*\/src\//, '')
}
