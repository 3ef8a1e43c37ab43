import { sweepOrphans } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import { giveUpAbandoned } from '../attachments/finish-attachment.ts'
import { findAvatars } from '../avatars/avatars.queries.ts'
import { giveUpAbandonedAvatars } from '../avatars/finish-avatar.ts'
import type { Deps } from '../deps.ts'
import { whenStorageIsThere } from '../uploads/storage-errors.ts'

type OrphansAmong = (deps: Pick<Deps, 'db'>, keys: string[]) => Promise<string[]>

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const attachmentShape = new RegExp(`^attachments/(${uuid})/`)
const avatarShape = new RegExp(`^avatars/(${uuid})/(${uuid})/`)
/** Long enough for any upload to get its row and any image to get its new files. */
const orphanAgeMs = 24 * 3_600_000
const batchSize = 500

/** Removes files that are older than a day and that no row names: leftovers of crashes on the way. */
export function sweepOrphansHandler(deps: Pick<Deps, 'db' | 'storage' | 'clock'>) {
  return handle(sweepOrphans, async (_payload, { log, signal, transact }) => {
    const givenUp = (await giveUpAbandoned(deps, transact)) + (await giveUpAbandonedAvatars(deps, transact))
    const attachments = await sweep(deps, 'attachments/', attachmentOrphans, signal)
    const avatars = await sweep(deps, 'avatars/', avatarOrphans, signal)
    log.info({ removed: attachments + avatars, givenUp }, 'orphaned files removed, abandoned images given up')
  })
}

async function sweep(
  deps: Pick<Deps, 'db' | 'storage' | 'clock'>,
  prefix: string,
  orphansAmong: OrphansAmong,
  signal: AbortSignal,
): Promise<number> {
  const oldest = deps.clock.now().getTime() - orphanAgeMs
  let removed = 0
  let batch: string[] = []
  const flush = async () => {
    const orphans = await orphansAmong(deps, batch)
    await whenStorageIsThere(deps.storage.remove(orphans))
    removed += orphans.length
    batch = []
  }
  await whenStorageIsThere(
    (async () => {
      for await (const { key, modifiedAt } of deps.storage.list(prefix)) {
        signal.throwIfAborted()
        if (modifiedAt.getTime() < oldest) batch.push(key)
        if (batch.length === batchSize) await flush()
      }
    })(),
  )
  if (batch.length > 0) await flush()
  return removed
}

/** An attachment in processing keeps all of its files: a run of its job may be naming them right now. */
const attachmentOrphans: OrphansAmong = async ({ db }, keys) => {
  const ids = new Map(keys.map((key) => [key, attachmentShape.exec(key)?.[1]]))
  const wanted = [...new Set(ids.values())].filter((id) => id !== undefined)
  if (wanted.length === 0) return []
  const rows = await db
    .selectFrom('attachments')
    .select(['id', 'status', 'storage_key', 'thumbnail_key'])
    .where('id', 'in', wanted)
    .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return keys.filter((key) => {
    const id = ids.get(key)
    // A key of another shape is not ours to judge.
    if (!id) return false
    const row = byId.get(id)
    return !row || (row.status !== 'processing' && row.storage_key !== key && row.thumbnail_key !== key)
  })
}

/** The upload in processing keeps all of its files too. */
const avatarOrphans: OrphansAmong = async ({ db }, keys) => {
  const named = keys.flatMap((key) => {
    const [, userId, uploadId] = avatarShape.exec(key) ?? []
    return userId && uploadId ? [{ key, userId, uploadId }] : []
  })
  if (named.length === 0) return []
  const rows = await findAvatars(db, [...new Set(named.map(({ userId }) => userId))])
  const byId = new Map(rows.map((row) => [row.id, row]))
  const isOrphan = ({ key, userId, uploadId }: (typeof named)[number]) => {
    const row = byId.get(userId)
    return row?.avatar_key !== key && row?.avatar_upload_id !== uploadId
  }
  return named.filter(isOrphan).map(({ key }) => key)
}
