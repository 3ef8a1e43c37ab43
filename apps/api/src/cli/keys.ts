import { randomBytes } from 'node:crypto'
import { keyRingNames } from '@muster/config'
import { DomainError } from '@muster/errors'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { checkKeyRings, forgetKey, isKnownKey, type KeyState, reportKeys } from '@muster/keys'
import type { KeyRing } from '@muster/security/key-ring'
import { z } from 'zod'
import { countSecretsByKey, reEncrypt } from '../modules/two-factor/re-encrypt.ts'
import { type Result, table } from './command.ts'
import { checked, findDatabase, readDatabase, readEncryption, readKeyIds, readRings, withDb } from './environment.ts'

const keyBytes = 32
const nameWidth = 20

/** Generates a key for any ring, with an id that no ring of the environment has. */
export function newKey(): Result {
  const numbers = readKeyIds().map(numberOf)
  const key = `k${Math.max(0, ...numbers) + 1}:${randomBytes(keyBytes).toString('base64')}`
  return { data: { key }, lines: [key] }
}

/**
 * Lists the keys of each ring, the current one first, and how many secrets each encryption key seals. `isWell` is false when
 * a secret is sealed by a key that the ring lacks.
 */
export async function listKeys(): Promise<Result> {
  const rings = readRings()
  const ringLines = keyRingNames.map((name) => {
    const ring = rings[name]
    return `${name.padEnd(nameWidth)}${ring ? describeRing(ring) : 'not set here'}`
  })
  const ids = Object.fromEntries(keyRingNames.map((name) => [name, rings[name] ? [...rings[name].keys.keys()] : null]))
  const database = findDatabase()
  if (!database) {
    const unknown = 'No DATABASE_URL: what the encryption keys seal is not known.'
    return { data: { rings: ids, sealed: null }, lines: [...ringLines, '', unknown] }
  }
  const known = rings.ENCRYPTION_KEYS?.keys ?? new Map()
  const sealed = [...(await withDb(database, countSecretsByKey))].map(([id, count]) => ({
    id,
    count,
    isKnown: known.has(id),
  }))
  const sealedLines = sealed.map(
    ({ id, count, isKnown }) => `  ${id.padEnd(nameWidth - 2)}${count}${isKnown ? '' : '  NOT IN THE RING'}`,
  )
  return {
    data: { rings: ids, sealed },
    lines: [
      ...ringLines,
      '',
      'Secrets of authenticator apps by encryption key:',
      ...(sealed.length > 0 ? sealedLines : ['  none']),
    ],
    isWell: sealed.every(({ isKnown }) => isKnown),
  }
}

/**
 * Checks of each key whether it is current, which rows need it, or whether it can be removed. `isWell` is false when a key is
 * missing or differs from the one that the database knows.
 */
export async function checkKeys(): Promise<Result> {
  const states = await withDb(readDatabase(), (db) => reportKeys(db, readRings(), new Date()))
  const rows = states.map(({ ring, keyId, state, reason }) => [ring, keyId, words[state], reason])
  return {
    data: { keys: states },
    lines: rows.length > 0 ? table(['ring', 'key', 'state', 'why'], rows) : ['No key is set here, and none is known.'],
    isWell: states.every(({ state }) => state !== 'missing' && state !== 'misfit'),
  }
}

const words: Record<KeyState['state'], string> = {
  current: 'current',
  needed: 'still needed',
  unused: 'may go',
  missing: 'MISSING',
  misfit: 'DOES NOT FIT',
  forgotten: 'given up',
}

const lostKey = z.object({
  ring: z.enum(keyRingNames),
  keyId: z.string().regex(/^[a-z0-9_-]{1,16}$/, 'is no key id'),
})

/** Forgets a lost key, so that processes start without it. Data made with it stays. */
export async function forgetLostKey(given: { ring: string | undefined; keyId: string | undefined }): Promise<Result> {
  const { ring, keyId } = checked(lostKey, given)
  return withDb(readDatabase(), async (db) => {
    if (!(await isKnownKey(db, ring, keyId))) {
      const message = `Nothing is known of a key "${keyId}" of ${ring}: \`keys check\` lists those that are.`
      throw new DomainError('NOT_FOUND', { message })
    }
    const transact = createTransact({ db, publisher: noPublisher })
    await transact(async ({ trx, audit }) => {
      await forgetKey(trx, ring, keyId)
      const after = { by: 'operator' }
      audit({ action: 'key.forgotten', actorId: null, targetType: 'key', targetId: `${ring} ${keyId}`, after })
    })
    const line = `${ring} ${keyId} is given up: processes start without it. A key under this id is believed again.`
    return { data: { ring, keyId }, lines: [line] }
  })
}

/** Re-encrypts all secrets with the current key. `isWell` is false when one could not be decrypted. */
export async function reEncryptAll(): Promise<Result> {
  const { database, ENCRYPTION_KEYS } = readEncryption()
  return withDb(database, async (db) => {
    await checkKeyRings({ db }, { ENCRYPTION_KEYS })
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
