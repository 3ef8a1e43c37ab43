import type { KeyRingName } from '@muster/config'
import { type Db, isDatabaseUnavailable } from '@muster/db'
import { listKnownKeys } from './key-checks.queries.ts'
import { listRings, type Rings } from './rings.ts'
import { usageOf } from './usage.queries.ts'

/** A key that a ring lacks although values were made with it, where that does no damage. */
export type MissingKey = { ring: KeyRingName; keyId: string; rows?: number; sentence: string }

const consequences: Partial<Record<KeyRingName, string>> = {
  ACCESS_TOKEN_KEYS: 'Its access tokens are refused; clients refresh them.',
  REFRESH_TOKEN_KEYS: 'Users with a refresh token of this key must sign in again.',
  PASSWORD_KEYS: 'Users whose password was hashed with it must reset their password by mail.',
  MAIL_CODE_KEYS: 'Its codes and links are refused, and mails that need it wait.',
  COOKIE_KEYS: 'Its cookies are ignored.',
  ENCRYPTION_KEYS: 'Authenticator apps sealed with it give no valid codes; their users have their recovery codes.',
}

/**
 * Finds keys that the rings lack although rows need them, or although they were the ring's last current key. Audit keys are left out,
 * because their absence is a fault. Rows that cannot be counted within the statement timeout are skipped.
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
