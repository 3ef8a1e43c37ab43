import type { KeyRingName } from '@muster/config'
import type { Db } from '@muster/db'
import { checkValueOf } from '@muster/security/check-value'
import type { KeyRing } from '@muster/security/key-ring'
import { type Evidence, noEvidence, readEvidence } from './evidence.ts'
import { type KnownKey, listKnownKeys } from './key-checks.queries.ts'
import { listRings, type Rings } from './rings.ts'

/** A reason why a process with this ring must not work. */
export type RingFault = {
  ring: KeyRingName
  keyId: string
  /** other: not the key that is known under the id; taken: known elsewhere; missing: not in the ring, although rows need it. */
  kind: 'other' | 'taken' | 'missing'
  /** One sentence with the ring and the id, never the key. */
  sentence: string
}

/** Compares each key of the rings with what the database knows of it, and with rows that it must have made. */
export async function findRingFaults(db: Db, rings: Rings): Promise<RingFault[]> {
  return compareRings(rings, await listKnownKeys(db), await readEvidenceOf(db, rings))
}

export type RingEvidence = ReadonlyMap<KeyRingName, Evidence>

/** Reads what rows say about the keys of each ring; the slow half of the comparison. */
export async function readEvidenceOf(db: Db, rings: Rings): Promise<RingEvidence> {
  const found = listRings(rings).map(async ([name, ring]) => [name, await readEvidence(db, name, ring)] as const)
  return new Map(await Promise.all(found))
}

/** Compares the rings with what was read already. */
export function compareRings(rings: Rings, known: readonly KnownKey[], evidences: RingEvidence): RingFault[] {
  return listRings(rings).flatMap(([name, ring]) => {
    const evidence = evidences.get(name) ?? noEvidence
    return [...findOtherKeys(name, ring, known, evidence), ...findMissingKeys(name, ring, known, evidence)]
  })
}

function findOtherKeys(
  ring: KeyRingName,
  { keys }: KeyRing,
  known: readonly KnownKey[],
  { refuted }: Evidence,
): RingFault[] {
  return [...keys].flatMap(([keyId, key]): RingFault[] => {
    const checkValue = checkValueOf(key)
    const same = known.find((row) => row.ring === ring && row.keyId === keyId)
    const twin = known.find((row) => row.checkValue?.equals(checkValue) && !(row.ring === ring && row.keyId === keyId))
    // What an operator gave up is believed again, but no event may be chained that can never be verified.
    const isBelieved = same && (same.checkValue || ring !== 'AUDIT_KEYS')
    if (same?.checkValue ? !same.checkValue.equals(checkValue) : refuted.has(keyId) && !isBelieved) {
      const sentence = `${ring}: the key "${keyId}" is not the one that this database was used with under this id.`
      return [{ ring, keyId, kind: 'other', sentence }]
    }
    if (!twin) return []
    const sentence = `${ring}: the key "${keyId}" is known as "${twin.keyId}" of ${twin.ring}; every ring and id needs a key of its own.`
    return [{ ring, keyId, kind: 'taken', sentence }]
  })
}

/** Only without an audit key no process works: what it chained could not be verified against what stands before it. */
function findMissingKeys(
  ring: KeyRingName,
  { keys }: KeyRing,
  known: readonly KnownKey[],
  { used }: Evidence,
): RingFault[] {
  if (ring !== 'AUDIT_KEYS') return []
  const own = known.filter((row) => row.ring === ring)
  const forgotten = new Set(own.filter(({ checkValue }) => !checkValue).map(({ keyId }) => keyId))
  const expected = new Set([...used, ...own.filter(({ becameCurrentAt }) => becameCurrentAt).map(({ keyId }) => keyId)])
  return [...expected]
    .filter((keyId) => !keys.has(keyId) && !forgotten.has(keyId))
    .map((keyId) => ({
      ring,
      keyId,
      kind: 'missing',
      sentence: `${ring}: the key "${keyId}" is missing, and events of the audit log can be verified with it alone.`,
    }))
}

/** Says what is wrong, a sentence each, and once what to do. */
export function describeRingFaults(faults: readonly RingFault[]): string {
  const sentences = faults.map(({ sentence }) => sentence)
  const lost = faults.find(({ kind }) => kind !== 'taken')
  const remedy = lost
    ? 'Put the right keys back, from the backup of your secrets. When one is lost, take a new key under a new id ' +
      `(\`muster keys new\`) and give the lost one up: \`muster keys forget ${lost.ring} ${lost.keyId}\`. ` +
      'A development copy whose .muster/secrets.json is gone begins anew with `npm start -- --fresh`.'
    : 'Where rings or ids were mixed up, put each key back where it is known. A key that was meant to be new must be one: ' +
      '`muster keys new`.'
  return [...sentences, remedy].join(' ')
}
