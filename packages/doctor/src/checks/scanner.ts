import { scannerCheck } from '@muster/storage/config'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** Finds the program of the virus scanner, as the image worker does at its start. */
export async function checkScanner({ settings: { scan } }: Tools, notes: Notes): Promise<void> {
  if (!scan) return notes.fact('No virus scanner is set (SCAN_COMMAND).')
  try {
    await scannerCheck(scan)()
    notes.fact('The program of the virus scanner is there.')
  } catch (error) {
    const [what = '', remedy = ''] = (error as Error).message.split(/(?<=\.) (?=Install)/)
    notes.find({ id: 'scanner', severity: 'error', what, remedy })
  }
}
