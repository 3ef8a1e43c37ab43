import type { Db, Trx } from '@muster/db'
import type { Logger } from '@muster/logger'
import { checkValueOf } from '@muster/security/check-value'
import { compareRings, describeRingFaults, type RingEvidence, readEvidenceOf } from './find-faults.ts'
import { listKnownKeys, markCurrent, recordKey } from './key-checks.queries.ts'
import { findMissingKeys } from './missing-keys.ts'
import { listRings, type Rings } from './rings.ts'

type CheckOptions = {
  /** Rings that this process only verifies with: their first key is not noted as the one that makes new values. */
  onlyVerifying?: readonly (keyof Rings)[]
}

const uniqueViolation = '23505'
/** Processes that start at once may find the same key new; whoever comes second looks again. */
const attempts = 5

/**
 * Compares the rings of a process with the database before the process works with them, and records the keys that it does
 * not know yet. What is missing but does no damage is logged. Part of every start.
 * @throws Error naming each ring and key id that does not fit, and what to do; then nothing is recorded
 */
export async function checkKeyRings(
  { db, log }: { db: Db; log?: Pick<Logger, 'warn'> },
  rings: Rings,
  { onlyVerifying = [] }: CheckOptions = {},
): Promise<void> {
  // Before the present keys are noted as current: the last ones may be missing.
  const missing = log ? await findMissingKeys(db, rings) : []
  const evidence = await readEvidenceOf(db, rings)
  await recordRings(db, { rings, evidence, onlyVerifying })
  for (const { sentence, ...fields } of missing) log?.warn(fields, sentence)
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
      // Once more: another process may have recorded another key meanwhile, and its row was waited for.
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
