import { uuidPattern } from '@muster/identifiers'
import type { Deps } from '../deps.ts'
import { findFiles } from './attachments.queries.ts'

export const attachmentPrefix = 'attachments/'
const keyPattern = new RegExp(`^${attachmentPrefix}(${uuidPattern})/`)

/**
 * Picks the keys that no attachment refers to. Keys of another shape are left out, and so are all keys of an attachment in
 * processing, because its job may be storing them right now.
 */
export async function findOrphanedAttachmentKeys({ db }: Pick<Deps, 'db'>, keys: readonly string[]): Promise<string[]> {
  const ids = new Map(keys.map((key) => [key, keyPattern.exec(key)?.[1]]))
  const known = [...new Set(ids.values())].filter((id) => id !== undefined)
  if (known.length === 0) return []
  const rows = await findFiles(db, known)
  const byId = new Map(rows.map((row) => [row.id, row]))
  return keys.filter((key) => {
    const id = ids.get(key)
    if (!id) return false
    const row = byId.get(id)
    return !row || (row.status !== 'processing' && row.storage_key !== key && row.thumbnail_key !== key)
  })
}
