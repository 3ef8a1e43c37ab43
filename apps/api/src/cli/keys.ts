import { randomBytes } from 'node:crypto'
import type { KeyRing } from '@muster/config'
import { countByKey } from '../modules/two-factor/re-encrypt.queries.ts'
import { reEncrypt } from '../modules/two-factor/re-encrypt.ts'
import { findDatabaseUrl, readEncryption, readRings, ringNames, withDb } from './environment.ts'

type Print = (line: string) => void

const keyBytes = 32
const nameWidth = 20

/** Prints a new key for any ring, under an id that no ring of the environment has. */
export function newKey(print: Print): void {
  const numbers = Object.values(readRings()).flatMap((ring) => [...ring.keys.keys()].map(numberOf))
  print(`k${Math.max(0, ...numbers) + 1}:${randomBytes(keyBytes).toString('base64')}`)
}

/**
 * Lists the keys of each ring, the current one first, and how much each encryption key still seals.
 * @returns false when something is sealed by a key that the ring does not have
 */
export async function listKeys(print: Print): Promise<boolean> {
  const rings = readRings()
  for (const name of ringNames) {
    const ring = rings[name]
    print(`${name.padEnd(nameWidth)}${ring ? describeRing(ring) : 'not set here'}`)
  }
  const url = findDatabaseUrl()
  if (!url) {
    print('\nNo DATABASE_URL: what the encryption keys seal is not known.')
    return true
  }
  const sealed = await withDb(url, countByKey)
  const known = rings.ENCRYPTION_KEYS?.keys ?? new Map()
  print('\nSecrets of authenticator apps by encryption key:')
  if (sealed.size === 0) print('  none')
  for (const [id, count] of sealed)
    print(`  ${id.padEnd(nameWidth - 2)}${count}${known.has(id) ? '' : '  NOT IN THE RING'}`)
  return [...sealed.keys()].every((id) => known.has(id))
}

/** Seals what is encrypted with the current key. @returns false when something could not be opened */
export async function reEncryptAll(print: Print): Promise<boolean> {
  const { DATABASE_URL, ENCRYPTION_KEYS } = readEncryption()
  return withDb(DATABASE_URL, async (db) => {
    const { moved, unreadable } = await reEncrypt(db, ENCRYPTION_KEYS)
    print(`${moved} sealed anew with ${ENCRYPTION_KEYS.currentId}.`)
    if (unreadable > 0)
      print(`${unreadable} could not be opened: their key is not in ENCRYPTION_KEYS, or they are damaged.`)
    return unreadable === 0
  })
}

const describeRing = ({ currentId, keys }: KeyRing) =>
  [...keys.keys()].map((id) => (id === currentId ? `${id} (current)` : id)).join(', ')

const numberOf = (id: string) => Number(/^k(\d{1,9})$/.exec(id)?.[1] ?? 0)
