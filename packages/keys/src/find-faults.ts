import type { KeyRingName } from '@muster/config'
import type { Db } from '@muster/db'
import { checkValueOf } from '@muster/security/check-value'
import type { KeyRing } from '@muster/security/key-ring'
import { type Evidence, noEvidence, readEvidence } from './evidence.ts'
import { type KnownKey, listKnownKeys } from './key-checks.queries.ts'
import { listRings, type Rings } from './rings.ts'

/** A fault for which a process with this ring must not start. */
export type RingFault = {
  ring: KeyRingName
  keyId: string
  /** other: another key is known under the id; taken: known in another ring or under another id; missing: needed but not in the ring. */
  kind: 'other' | 'taken' | 'missing'
  /** A sentence with the ring and the id, without the key. */
  sentence: string
}

/** Compares each key of the rings with the database's record of it and with rows that it must have made. */
export async function findRingFaults(db: Db, rings: Rings): Promise<RingFault[]> {
  return compareRings(rings, await listKnownKeys(db), await readEvidenceOf(db, rings))
}

export type RingEvidence = ReadonlyMap<KeyRingName, Evidence>

/** Reads the evidence for each ring, the slow part of the comparison. */
export async function readEvidenceOf(db: Db, rings: Rings): Promise<RingEvidence> {
  const found = listRings(rings).map(async ([name, ring]) => [name, await readEvidence(db, name, ring)] as const)
  return new Map(await Promise.all(found))
}

/** Compares the rings with evidence that was already read. */
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
    // A key that an operator gave up is accepted again, except for the audit log: its events could never be verified.
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

/** Finds missing audit keys. Only they prevent a start: without them, new events could not be verified against older ones. */
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

/** Describes faults, a sentence each, followed by the remedy. */
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
