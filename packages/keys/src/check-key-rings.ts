import type { Db, Trx } from '@muster/db'
import type { Logger } from '@muster/logger'
import { checkValueOf } from '@muster/security/check-value'
import { compareRings, describeRingFaults, type RingEvidence, readEvidenceOf } from './find-faults.ts'
import { listKnownKeys, markCurrent, recordKey } from './key-checks.queries.ts'
import { findMissingKeys } from './missing-keys.ts'
import { listRings, type Rings } from './rings.ts'

type CheckOptions = {
  /** Rings with which this process only verifies: their first key is not recorded as current. */
  onlyVerifying?: readonly (keyof Rings)[]
}

const uniqueViolation = '23505'
/** Processes that start together may record the same new key; the slower one reads again. */
const attempts = 5

/**
 * Compares the rings of a process with the database at start, and records keys that the database does not know yet. Logs missing keys
 * whose absence does no damage.
 * @throws Error with each ring and key id that does not fit, and the remedy; then it records nothing
 */
export async function checkKeyRings(
  { db, log }: { db: Db; log?: Pick<Logger, 'warn'> },
  rings: Rings,
  { onlyVerifying = [] }: CheckOptions = {},
): Promise<void> {
  // Done before the current keys are recorded, because the previous ones may be missing.
  const missing = log ? await findMissingKeys(db, rings) : []
  const evidence = await readEvidenceOf(db, rings)
  await recordRings(db, { rings, evidence, onlyVerifying })
  for (const { sentence, ...fields } of missing) {
    log?.warn({ component: 'keys', ...fields, detail: sentence }, 'key missing in its ring, values were made with it')
  }
}

type Recording = { rings: Rings; evidence: RingEvidence; onlyVerifying: readonly string[] }

async function recordRings(db: Db, recording: Recording, attempt = 1): Promise<void> {
  const { rings, evidence, onlyVerifying } = recording
  const refuse = async (trx: Trx) => {
    const faults = compareRings(rings, await listKnownKeys(trx), evidence)
    if (faults.length > 0) throw new Error(describeRingFaults(faults))
  }
  try {
    await db.transaction().execute(async (trx) => {
      await refuse(trx)
      for (const [ring, { keys }] of listRings(rings)) {
        for (const [keyId, key] of [...keys].sort(([one], [other]) => one.localeCompare(other)))
          await recordKey(trx, { ring, keyId, checkValue: checkValueOf(key) })
      }
      // Check again: another process may have recorded a different key while this one waited for its row.
      await refuse(trx)
      for (const [ring, { currentId }] of listRings(rings)) {
        if (!onlyVerifying.includes(ring)) await markCurrent(trx, ring, currentId)
      }
    })
  } catch (error) {
    if ((error as { code?: unknown }).code !== uniqueViolation || attempt === attempts) throw error
    await recordRings(db, recording, attempt + 1)
  }
}
