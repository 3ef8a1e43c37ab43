import { describeRingFaults, findMissingKeys, findRingFaults } from '@muster/keys'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** Compares the key rings with the data that was made with them. */
export async function checkKeys({ postgres, settings: { rings } }: Tools, notes: Notes): Promise<void> {
  const db = await postgres()
  const names = Object.keys(rings)
  if (names.length === 0) return notes.fact('No key ring is set here.')
  const faults = await findRingFaults(db, rings)
  const missing = await findMissingKeys(db, rings)
  for (const fault of faults) {
    const remedy = describeRingFaults([fault]).slice(fault.sentence.length).trim()
    notes.find({ id: 'key-ring', severity: 'error', what: fault.sentence, remedy })
  }
  for (const { ring, keyId, sentence } of missing)
    notes.find({
      id: 'key-missing',
      severity: 'warning',
      what: sentence,
      remedy: `Put the key back at the end of ${ring}, from the backup of your secrets; or give it up: \`muster keys forget ${ring} ${keyId}\`.`,
    })
  if (faults.length + missing.length === 0) notes.fact(`The keys of ${names.join(', ')} fit the data.`)
}
