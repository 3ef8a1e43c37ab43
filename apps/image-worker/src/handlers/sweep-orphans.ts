import { sweepOrphans } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import { deleteUnsentFiles, failAbandonedAttachments } from '../attachments/abandoned-attachments.ts'
import { attachmentPrefix, findOrphanedAttachmentKeys } from '../attachments/orphans.ts'
import { avatarKinds } from '../avatars/avatar-kinds.ts'
import { failAbandonedAvatars } from '../avatars/avatar-outcome.ts'
import { findOrphanedAvatarKeys } from '../avatars/orphans.ts'
import type { Deps } from '../deps.ts'
import { retryWhenUnavailable } from '../uploads/storage-errors.ts'

type SweepDeps = Pick<Deps, 'db' | 'storage' | 'clock'>
/** Picks the keys that no row refers to. */
type FindOrphans = (deps: Pick<Deps, 'db'>, keys: readonly string[]) => Promise<string[]>

/** Long enough for an upload to get its row and for an image to get its new files. */
const orphanAgeMs = 24 * 3_600_000
const batchSize = 500

/**
 * Fails abandoned uploads, deletes files of chats that were never sent, then deletes stored files that are older than a day and that
 * no row refers to; crashes leave such files.
 */
export function sweepOrphansHandler(deps: SweepDeps) {
  return handle(sweepOrphans, async (_payload, { log, signal, transact }) => {
    const failed = (await failAbandonedAttachments(deps, transact)) + (await failAbandonedAvatars(deps, transact))
    const unsent = await deleteUnsentFiles(deps, transact, signal)
    let deleted = await sweep(deps, attachmentPrefix, findOrphanedAttachmentKeys, signal)
    for (const kind of Object.values(avatarKinds))
      deleted += await sweep(deps, kind.prefix, (own, keys) => findOrphanedAvatarKeys(own, kind, keys), signal)
    log.info(
      { component: 'orphan-sweep', deletedFiles: deleted, failedUploads: failed, unsentFiles: unsent },
      'orphaned files deleted',
    )
  })
}

/** Deletes the orphans below a prefix. @returns how many files it deleted */
async function sweep(deps: SweepDeps, prefix: string, findOrphans: FindOrphans, signal: AbortSignal): Promise<number> {
  const oldest = deps.clock.now().getTime() - orphanAgeMs
  let deleted = 0
  let batch: string[] = []
  const flush = async () => {
    const orphans = await findOrphans(deps, batch)
    await retryWhenUnavailable(deps.storage.remove(orphans))
    deleted += orphans.length
    batch = []
  }
  await retryWhenUnavailable(
    (async () => {
      for await (const { key, modifiedAt } of deps.storage.list(prefix)) {
        signal.throwIfAborted()
        if (modifiedAt.getTime() < oldest) batch.push(key)
        if (batch.length === batchSize) await flush()
      }
    })(),
  )
  if (batch.length > 0) await flush()
  return deleted
}
