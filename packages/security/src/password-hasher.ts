import { createHmac } from 'node:crypto'
import { availableCores } from '@muster/cores'
import bcrypt from 'bcrypt'
import { HashingOverloadedError } from './hashing-overloaded.ts'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'
import { createSemaphore } from './semaphore.ts'

export type PasswordCheck = {
  ok: boolean
  /** True when a correct password should be hashed again: the cost was raised or the key replaced since. */
  needsRehash: boolean
}

export type PasswordHasher = {
  /** Hashes with the current key. @returns `keyId$<bcrypt>` @throws HashingOverloadedError after `maxWaitMs` */
  hash(password: string): Promise<string>
  /**
   * Compares a password with a stored hash. When the ring lacks the key of `stored`, the result is that of a wrong password: the
   * user resets it by mail. The start-up checks log such keys.
   * @throws HashingOverloadedError after `maxWaitMs`
   */
  verify(password: string, stored: string): Promise<PasswordCheck>
  /** Takes as long as `verify` of a wrong password and is never ok; for accounts that do not exist or have no password. */
  verifyDecoy(password: string): Promise<PasswordCheck>
}

export type PasswordHasherOptions = {
  keys: KeyRing
  /** bcrypt cost: 2^cost rounds. */
  cost: number
  /** How many hashes run in parallel; defaults to the cores of this process. */
  maxParallel?: number
  /** How long a hash waits for its start; defaults to 5 s. */
  maxWaitMs?: number
}

/**
 * Creates a hasher that applies bcrypt to the base64 of HMAC-SHA-256(key, password). Those 44 characters contain no NUL byte
 * and stay below bcrypt's limit of 72 bytes, so no part of a long password is ignored; and a stolen table is worthless without
 * the key. The password is hashed exactly as received (OWASP ASVS 5, 6.2.8). To verify one, its canonical equivalents count too:
 * keyboards differ in how they compose an accented letter.
 */
export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { keys, cost, maxParallel = availableCores(), maxWaitMs = 5_000 } = options
  const semaphore = createSemaphore({
    maxParallel,
    maxWaitMs,
    timeoutError: () => new HashingOverloadedError(Math.ceil(maxWaitMs / 1000)),
  })

  const verifyDecoy = (password: string) =>
    semaphore.run(async () => {
      for (const spelling of spellingsOf(password))
        await bcrypt.compare(keyed(currentKey(keys).key, spelling), decoyHash(cost))
      return { ok: false, needsRehash: false }
    })

  return {
    hash: (password) =>
      semaphore.run(async () => {
        const { id, key } = currentKey(keys)
        return `${id}$${await bcrypt.hash(keyed(key, password), cost)}`
      }),

    verify(password, stored) {
      const { keyId, bcryptHash } = parseStored(stored)
      const key = keyById(keys, keyId)
      if (!key) return verifyDecoy(password)
      return semaphore.run(async () => {
        const storedCost = bcrypt.getRounds(bcryptHash)
        for (const spelling of spellingsOf(password)) {
          const input = keyed(key, spelling)
          const ok = await bcrypt.compare(input, bcryptHash)
          if (ok) return { ok, needsRehash: storedCost < cost || keyId !== keys.currentId }
          await spendDifference(input, storedCost, cost)
        }
        return { ok: false, needsRehash: false }
      })
    },

    verifyDecoy,
  }
}

/** Lists the password as received and its canonical equivalents, composed and decomposed; one for ASCII. */
const spellingsOf = (password: string) => new Set([password, password.normalize('NFC'), password.normalize('NFD')])

/**
 * Spends the time that an older, cheaper hash saved: a faster answer than the decoy's would reveal that the account exists.
 * 2^from + (2^from + 2^(from+1) + … + 2^(to−1)) = 2^to rounds, as many as the decoy's.
 */
async function spendDifference(input: string, from: number, to: number): Promise<void> {
  for (let cost = from; cost < to; cost++) await bcrypt.compare(input, decoyHash(cost))
}

/** Builds a well-formed hash that no known password has; bcrypt runs all of its rounds before it returns false. */
function decoyHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(22)}${'.'.repeat(31)}`
}

/**
 * Computes the input of bcrypt.
 * @throws RangeError for lone surrogates, which UTF-8 encodes as one and the same character; callers validate before
 */
function keyed(key: Buffer, password: string): string {
  if (!password.isWellFormed()) throw new RangeError('The password contains a lone surrogate.')
  return createHmac('sha256', key).update(password, 'utf8').digest('base64')
}

function parseStored(stored: string): { keyId: string; bcryptHash: string } {
  const end = stored.indexOf('$')
  return { keyId: stored.slice(0, end), bcryptHash: stored.slice(end + 1) }
}
