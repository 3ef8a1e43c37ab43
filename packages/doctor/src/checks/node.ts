import { version } from '@muster/telemetry/version'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** The bundles are made for it, and the tests run with it. */
const neededMajor = 26

export async function checkNode(_: Tools, notes: Notes): Promise<void> {
  notes.fact(`Muster ${version} on Node ${process.versions.node}, time zones ${process.versions.tz}.`)
  if (Number(process.versions.node.split('.')[0]) >= neededMajor) return
  notes.find({
    id: 'node-version',
    severity: 'error',
    what: `This is Node ${process.versions.node}, and Muster needs ${neededMajor}.`,
    remedy: `Install Node ${neededMajor}, or use the image, which has it.`,
  })
}
