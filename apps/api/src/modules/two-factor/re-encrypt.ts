import type { KeyRing } from '@muster/config'
import type { Db } from '@muster/db'
import { seal, totpSealContext, unseal } from '@muster/security'
import * as queries from './re-encrypt.queries.ts'

const beforeAll = '00000000-0000-0000-0000-000000000000'

/**
 * Seals every secret of an authenticator app with the current encryption key, so that older keys can be taken out. Safe
 * to repeat, to interrupt and to run beside the API: each value moves by itself, and one that changed meanwhile stays.
 * @param options.onBatch hears after each batch how many moved so far
 * @returns how many moved, and how many could not be opened (their key is not in the ring, or they are damaged)
 */
export async function reEncrypt(
  db: Db,
  ring: KeyRing,
  { batchSize = 200, onBatch }: { batchSize?: number; onBatch?: (moved: number) => void } = {},
): Promise<{ moved: number; unreadable: number }> {
  const result = { moved: 0, unreadable: 0 }
  for (let afterId = beforeAll; ; ) {
    const page = { keyId: ring.currentId, afterId, limit: batchSize }
    const rows = await queries.listSealedOtherwise(db, page)
    const fresh = rows.flatMap((row) => sealAnew(ring, row) ?? [])
    result.moved += await queries.replaceSeals(db, ring.currentId, fresh)
    result.unreadable += rows.length - fresh.length
    onBatch?.(result.moved)
    const last = rows.at(-1)
    if (!last || rows.length < batchSize) return result
    afterId = last.id
  }
}

function sealAnew(ring: KeyRing, { id, userId, keyId, sealed: from }: queries.SealedRow) {
  const context = totpSealContext(userId)
  try {
    return { id, from, to: seal(ring, unseal(ring, { keyId, sealed: from }, context), context).sealed }
  } catch {
    return undefined
  }
}
