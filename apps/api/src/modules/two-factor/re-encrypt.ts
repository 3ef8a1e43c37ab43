import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { seal, totpSealContext, unseal } from '@muster/security/seal'
import * as queries from './re-encrypt.queries.ts'

const smallestId = '00000000-0000-0000-0000-000000000000'

/** Counts the secrets of authenticator apps that each encryption key seals. */
export const countSecretsByKey = (db: Db): Promise<Map<string, number>> => queries.countByKey(db)

/**
 * Re-encrypts every secret of an authenticator app with the current encryption key, so that older keys can be removed. It
 * is safe to repeat, to interrupt and to run beside the API: a value that changed since it was read stays as it is.
 * @param options.onBatch called after each batch with the number re-encrypted so far
 * @returns how many it re-encrypted, and how many it could not unseal (their key is not in the ring, or they are damaged)
 */
export async function reEncrypt(
  db: Db,
  ring: KeyRing,
  { batchSize = 200, onBatch }: { batchSize?: number; onBatch?: (moved: number) => void } = {},
): Promise<{ moved: number; unreadable: number }> {
  const result = { moved: 0, unreadable: 0 }
  for (let afterId = smallestId; ; ) {
    const page = { keyId: ring.currentId, afterId, limit: batchSize }
    const rows = await queries.listSealedByOtherKeys(db, page)
    const fresh = rows.flatMap((row) => sealAgain(ring, row) ?? [])
    result.moved += await queries.replaceSeals(db, ring.currentId, fresh)
    result.unreadable += rows.length - fresh.length
    onBatch?.(result.moved)
    const last = rows.at(-1)
    if (!last || rows.length < batchSize) return result
    afterId = last.id
  }
}

/** Seals the value with the current key; undefined when it cannot be unsealed. */
function sealAgain(ring: KeyRing, { id, userId, keyId, sealed: from }: queries.SealedRow) {
  const context = totpSealContext(userId)
  try {
    return { id, from, to: seal(ring, unseal(ring, { keyId, sealed: from }, context), context).sealed }
  } catch {
    return undefined
  }
}
