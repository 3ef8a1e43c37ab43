import type { KeyRingName } from '@muster/config'
import { type Db, isDatabaseUnavailable } from '@muster/db'
import { listKnownKeys } from './key-checks.queries.ts'
import { listRings, type Rings } from './rings.ts'
import { usageOf } from './usage.queries.ts'

/** A key that a ring lacks although something was made with it, where that does no damage. */
export type MissingKey = { ring: KeyRingName; keyId: string; rows?: number; sentence: string }

const consequences: Partial<Record<KeyRingName, string>> = {
  ACCESS_TOKEN_KEYS: 'Access tokens of it are refused; clients refresh them.',
  REFRESH_TOKEN_KEYS: 'Who has a refresh token of it must sign in again.',
  PASSWORD_KEYS: 'Whose password was hashed with it can only sign in after setting a new one by mail.',
  MAIL_CODE_KEYS: 'Codes and links of it are refused, and mails that need it wait.',
  COOKIE_KEYS: 'Cookies of it are ignored.',
  ENCRYPTION_KEYS: 'Authenticator apps sealed with it give no valid codes; their users have their recovery codes.',
}

/**
 * Finds keys that the rings lack although rows need them, or although they were the ring's current key last. Without the
 * audit log's: those are faults. Counting may take as long as a statement may; what can't be counted in that time is left.
 */
export async function findMissingKeys(db: Db, rings: Rings): Promise<MissingKey[]> {
  const known = await listKnownKeys(db)
  const found: MissingKey[] = []
  for (const [ring, { keys }] of listRings(rings)) {
    if (ring === 'AUDIT_KEYS') continue
    const own = known.filter((row) => row.ring === ring && row.checkValue && row.becameCurrentAt)
    const last = own.sort((one, other) => Number(other.becameCurrentAt) - Number(one.becameCurrentAt))[0]
    const usages = await countOrNothing(db, ring)
    const ids = new Set([...usages.map(({ keyId }) => keyId), ...(last ? [last.keyId] : [])])
    for (const keyId of ids) {
      if (keys.has(keyId)) continue
      const rows = usages.find((usage) => usage.keyId === keyId)?.rows
      const counted = rows === undefined ? 'it was the current key before' : `${rows} rows need it`
      const sentence = `${ring} lacks the key "${keyId}": ${counted}. ${consequences[ring]}`
      found.push({ ring, keyId, ...(rows !== undefined && { rows }), sentence })
    }
  }
  return found
}

async function countOrNothing(db: Db, ring: KeyRingName) {
  try {
    return (await usageOf[ring]?.(db)) ?? []
  } catch (error) {
    if (isDatabaseUnavailable(error)) return []
    throw error
  }
}
