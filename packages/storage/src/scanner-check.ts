import { findProgram } from '@muster/programs'
import type { ScanSettings } from './scan-command.ts'

/** Creates a start check that finds the program of the scanner. @returns a check that throws an Error with the remedy */
export const scannerCheck = (settings: ScanSettings | undefined) => async (): Promise<void> => {
  if (!settings) return
  const [program] = settings.command
  if (findProgram(program)) return
  throw new Error(
    `SCAN_COMMAND: the program ${program} is not found or may not be executed. Install it, or correct SCAN_COMMAND.`,
  )
}
