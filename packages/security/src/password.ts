import { createHmac } from 'node:crypto'
import { availableParallelism } from 'node:os'
import bcrypt from 'bcrypt'
import { currentKey, type KeyRing, keyById } from './key-ring.ts'
import { createLine } from './line.ts'

export type PasswordCheck = {
  ok: boolean
  /** True when a right password should be hashed anew: the cost was raised or the key replaced since. */
  needsRehash: boolean
}

export type PasswordHasher = {
  /** @returns `keyId$<bcrypt>`; @throws DomainError OVERLOADED after too long a wait */
  hash(password: string): Promise<string>
  /**
   * Not ok when the ring lacks the key of `stored`, as if the password were wrong: its owner sets a new one by mail. The start
   * names such keys.
   * @throws DomainError OVERLOADED after too long a wait
   */
  verify(password: string, stored: string): Promise<PasswordCheck>
  /** Never ok. Takes as long as `verify` says no, for accounts that do not exist or have no password. */
  verifyDecoy(password: string): Promise<PasswordCheck>
}

export type PasswordHasherOptions = {
  keys: KeyRing
  /** bcrypt cost: 2^cost rounds. */
  cost: number
  /** Hashes at the same time; the machine's cores unless told otherwise. */
  maxParallel?: number
  maxWaitMs?: number
}

/**
 * bcrypt over the base64 of HMAC-SHA-256(key, password): the 44 characters hold no NUL byte and stay below bcrypt's
 * limit of 72 bytes, so nothing of a long password is ignored; and a stolen table is worthless without the key.
 * The password is taken exactly as received (OWASP ASVS 5, 6.2.8).
 */
export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { keys, cost, maxParallel = availableParallelism(), maxWaitMs = 5_000 } = options
  const line = createLine({ maxParallel, maxWaitMs })

  const verifyDecoy = (password: string) =>
    line.run(async () => {
      await bcrypt.compare(keyed(currentKey(keys).key, password), decoyHash(cost))
      return { ok: false, needsRehash: false }
    })

  return {
    hash: (password) =>
      line.run(async () => {
        const { id, key } = currentKey(keys)
        return `${id}$${await bcrypt.hash(keyed(key, password), cost)}`
      }),

    verify(password, stored) {
      const { keyId, bcryptHash } = parseStored(stored)
      const key = keyById(keys, keyId)
      if (!key) return verifyDecoy(password)
      return line.run(async () => {
        const storedCost = bcrypt.getRounds(bcryptHash)
        const input = keyed(key, password)
        const ok = await bcrypt.compare(input, bcryptHash)
        if (!ok) await spendDifference(input, storedCost, cost)
        return { ok, needsRehash: ok && (storedCost < cost || keyId !== keys.currentId) }
      })
    },

    verifyDecoy,
  }
}

/**
 * A hash from before the cost was raised is compared faster than the decoy, which would tell that the account exists.
 * 2^from + (2^from + 2^(from+1) + … + 2^(to−1)) = 2^to rounds: together as long as the decoy.
 */
async function spendDifference(input: string, from: number, to: number): Promise<void> {
  for (let cost = from; cost < to; cost++) await bcrypt.compare(input, decoyHash(cost))
}

/** A well-formed hash that no known password has; bcrypt works through all of its rounds before it says no. */
function decoyHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(22)}${'.'.repeat(31)}`
}

/** @throws RangeError for lone surrogates, which UTF-8 would make one and the same: whoever asks has refused them */
function keyed(key: Buffer, password: string): string {
  if (!password.isWellFormed()) throw new RangeError('A password has half of a character')
  return createHmac('sha256', key).update(password, 'utf8').digest('base64')
}

function parseStored(stored: string): { keyId: string; bcryptHash: string } {
  const end = stored.indexOf('$')
  return { keyId: stored.slice(0, end), bcryptHash: stored.slice(end + 1) }
}
