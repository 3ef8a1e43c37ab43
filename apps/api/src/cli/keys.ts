import { randomBytes } from 'node:crypto'
import type { KeyRing } from '@muster/config'
import { countByKey } from '../modules/two-factor/re-encrypt.queries.ts'
import { reEncrypt } from '../modules/two-factor/re-encrypt.ts'
import type { Result } from './command.ts'
import { findDatabaseUrl, readEncryption, readRings, ringNames, withDb } from './environment.ts'

const keyBytes = 32
const nameWidth = 20

/** A new key for any ring, under an id that no ring of the environment has. */
export function newKey(): Result {
  const numbers = Object.values(readRings()).flatMap((ring) => [...ring.keys.keys()].map(numberOf))
  const key = `k${Math.max(0, ...numbers) + 1}:${randomBytes(keyBytes).toString('base64')}`
  return { data: { key }, lines: [key] }
}

/**
 * The keys of each ring, the current one first, and how much each encryption key still seals. Not well when something is
 * sealed by a key that the ring does not have.
 */
export async function listKeys(): Promise<Result> {
  const rings = readRings()
  const ringLines = ringNames.map((name) => {
    const ring = rings[name]
    return `${name.padEnd(nameWidth)}${ring ? describeRing(ring) : 'not set here'}`
  })
  const ids = Object.fromEntries(ringNames.map((name) => [name, rings[name] ? [...rings[name].keys.keys()] : null]))
  const url = findDatabaseUrl()
  if (!url) {
    const unknown = '\nNo DATABASE_URL: what the encryption keys seal is not known.'
    return { data: { rings: ids, sealed: null }, lines: [...ringLines, unknown] }
  }
  const known = rings.ENCRYPTION_KEYS?.keys ?? new Map()
  const sealed = [...(await withDb(url, countByKey))].map(([id, count]) => ({ id, count, isKnown: known.has(id) }))
  const sealedLines = sealed.map(
    ({ id, count, isKnown }) => `  ${id.padEnd(nameWidth - 2)}${count}${isKnown ? '' : '  NOT IN THE RING'}`,
  )
  return {
    data: { rings: ids, sealed },
    lines: [
      ...ringLines,
      '\nSecrets of authenticator apps by encryption key:',
      ...(sealed.length > 0 ? sealedLines : ['  none']),
    ],
    isWell: sealed.every(({ isKnown }) => isKnown),
  }
}

/** Seals what is encrypted with the current key. Not well when something could not be opened. */
export async function reEncryptAll(): Promise<Result> {
  const { DATABASE_URL, ENCRYPTION_KEYS } = readEncryption()
  return withDb(DATABASE_URL, async (db) => {
    const { moved, unreadable } = await reEncrypt(db, ENCRYPTION_KEYS)
    const lost = `${unreadable} could not be opened: their key is not in ENCRYPTION_KEYS, or they are damaged.`
    return {
      data: { moved, unreadable },
      lines: [`${moved} sealed anew with ${ENCRYPTION_KEYS.currentId}.`, ...(unreadable > 0 ? [lost] : [])],
      isWell: unreadable === 0,
    }
  })
}

const describeRing = ({ currentId, keys }: KeyRing) =>
  [...keys.keys()].map((id) => (id === currentId ? `${id} (current)` : id)).join(', ')

const numberOf = (id: string) => Number(/^k(\d{1,9})$/.exec(id)?.[1] ?? 0)
