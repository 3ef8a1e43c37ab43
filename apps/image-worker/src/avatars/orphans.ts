import { uuidPattern } from '@muster/identifiers'
import type { Deps } from '../deps.ts'
import type { AvatarKind } from './avatar-kinds.ts'
import { findAvatars } from './avatars.queries.ts'

const idsPattern = new RegExp(`^(${uuidPattern})/(${uuidPattern})/`)

/** Picks the keys that belong neither to an avatar nor to a current upload. Keys of another shape are left out. */
export async function findOrphanedAvatarKeys(
  { db }: Pick<Deps, 'db'>,
  kind: AvatarKind,
  keys: readonly string[],
): Promise<string[]> {
  const parsed = keys.flatMap((key) => {
    if (!key.startsWith(kind.prefix)) return []
    const [, ownerId, uploadId] = idsPattern.exec(key.slice(kind.prefix.length)) ?? []
    return ownerId && uploadId ? [{ key, ownerId, uploadId }] : []
  })
  if (parsed.length === 0) return []
  const rows = await findAvatars(db, kind, [...new Set(parsed.map(({ ownerId }) => ownerId))])
  const byId = new Map(rows.map((row) => [row.id, row]))
  const isOrphan = ({ key, ownerId, uploadId }: (typeof parsed)[number]) => {
    const row = byId.get(ownerId)
    return row?.avatar_key !== key && row?.avatar_upload_id !== uploadId
  }
  return parsed.filter(isOrphan).map(({ key }) => key)
}
