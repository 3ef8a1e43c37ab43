import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { ScanSettings } from './scan-command.ts'

/** Creates a start check that finds the program of the scanner. @returns a check that throws an Error with the remedy */
export const scannerCheck = (settings: ScanSettings | undefined) => async (): Promise<void> => {
  if (!settings) return
  const [program] = settings.command
  const folders = program.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const found = await Promise.all(folders.map((folder) => isExecutable(folder ? join(folder, program) : program)))
  if (found.includes(true)) return
  throw new Error(
    `SCAN_COMMAND: the program ${program} is not found or may not be executed. Install it, or correct SCAN_COMMAND.`,
  )
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
