import { uuidPattern } from '@muster/identifiers'
import type { Deps } from '../deps.ts'
import { findAvatars } from './avatars.queries.ts'

export const avatarPrefix = 'avatars/'
const keyPattern = new RegExp(`^${avatarPrefix}(${uuidPattern})/(${uuidPattern})/`)

/** Picks the keys that belong neither to a user's avatar nor to a current upload. Keys of another shape are left out. */
export async function findOrphanedAvatarKeys({ db }: Pick<Deps, 'db'>, keys: readonly string[]): Promise<string[]> {
  const parsed = keys.flatMap((key) => {
    const [, userId, uploadId] = keyPattern.exec(key) ?? []
    return userId && uploadId ? [{ key, userId, uploadId }] : []
  })
  if (parsed.length === 0) return []
  const rows = await findAvatars(db, [...new Set(parsed.map(({ userId }) => userId))])
  const byId = new Map(rows.map((row) => [row.id, row]))
  const isOrphan = ({ key, userId, uploadId }: (typeof parsed)[number]) => {
    const row = byId.get(userId)
    return row?.avatar_key !== key && row?.avatar_upload_id !== uploadId
  }
  return parsed.filter(isOrphan).map(({ key }) => key)
}
