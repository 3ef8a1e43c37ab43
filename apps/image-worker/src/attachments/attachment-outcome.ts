import { deleteFiles } from '@muster/jobs/definitions'
import { createTransact, type Transact, type TransactContext } from '@muster/jobs/outbox'
import { everyKeyOf } from '@muster/storage'
import type { Deps } from '../deps.ts'
import type { OptimizedImage } from '../image/optimize.ts'
import { announceChanged, lockChatsOf } from './attachment-changes.ts'
import { type Processing, setFailed, setProcessing, setReady, setScanned } from './attachments.queries.ts'

type Keys = { optimized: string; thumbnail: string }

/** Stores the optimized image and enqueues the deletion of the original; of the new files when the attachment was deleted meanwhile. */
export function completeAttachment(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  attachment: Processing,
  { bytes, contentType, widthPx, heightPx }: OptimizedImage,
  keys: Keys,
): Promise<void> {
  return transact(async (tx) => {
    const { trx, enqueue, audit } = tx
    await lockChatsOf(trx, [attachment])
    const ready = { contentType, widthPx, heightPx, sizeBytes: bytes.length }
    const files = { storageKey: keys.optimized, thumbnailKey: keys.thumbnail }
    const changed = await setReady(trx, attachment.id, { ...ready, ...files }, clock.now())
    if (!changed) {
      enqueue(deleteFiles, { keys: Object.values(keys) })
      return
    }
    await announceChanged(tx, [changed])
    enqueue(deleteFiles, { keys: [attachment.storage_key] })
    audit({ ...eventOf(attachment, 'attachment.optimized'), after: { status: 'ready', ...ready } })
  })
}

/** Makes a scanned document ready. Without effect when it was deleted meanwhile. */
export function releaseAttachment(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  attachment: Processing,
): Promise<void> {
  return transact(async (tx) => {
    await lockChatsOf(tx.trx, [attachment])
    const changed = await setScanned(tx.trx, attachment.id, clock.now())
    if (!changed) return
    await announceChanged(tx, [changed])
    tx.audit({ ...eventOf(attachment, 'attachment.scanned'), after: { status: 'ready' } })
  })
}

/** Marks the attachment as failed with a reason for its uploader, and enqueues the deletion of all its files. */
export function rejectAttachment(
  deps: Pick<Deps, 'clock'>,
  transact: Transact,
  attachment: Processing,
  reason: string,
): Promise<void> {
  return transact((tx) => lockAndFail(tx, attachment, { reason, areFilesKept: false }, deps.clock.now()))
}

/**
 * Marks the attachment as failed and keeps its files, so that an operator can retry the failed job. Commits apart from the
 * job's acknowledgement, because an acknowledged job is not listed as failed.
 */
export function failAttachment(
  { db, publisher, clock }: Pick<Deps, 'db' | 'publisher' | 'clock'>,
  attachment: Processing,
  reason: string,
): Promise<void> {
  const transact = createTransact({ db, publisher })
  return transact((tx) => lockAndFail(tx, attachment, { reason, areFilesKept: true }, clock.now()))
}

/**
 * Puts a failed attachment back into processing, because its job is retried. Commits apart from the job, which may take long.
 * @returns false when its files were deleted
 */
export function reopenAttachment(
  { db, publisher }: Pick<Deps, 'db' | 'publisher'>,
  attachment: Processing,
): Promise<boolean> {
  return createTransact({ db, publisher })(async (tx) => {
    await lockChatsOf(tx.trx, [attachment])
    const changed = await setProcessing(tx.trx, attachment.id)
    if (changed) await announceChanged(tx, [changed])
    return changed !== undefined
  })
}

async function lockAndFail(
  tx: TransactContext,
  attachment: Processing,
  failure: { reason: string; areFilesKept: boolean },
  now: Date,
): Promise<void> {
  await lockChatsOf(tx.trx, [attachment])
  await fail(tx, attachment, failure, now)
}

/** Marks an attachment as failed, whose chat the caller has locked. Without effect when it is no longer in processing. */
export async function fail(
  tx: TransactContext,
  attachment: Processing,
  { reason, areFilesKept }: { reason: string; areFilesKept: boolean },
  now: Date,
): Promise<void> {
  const changed = await setFailed(tx.trx, attachment.id, { reason, areFilesKept }, now)
  if (!changed) return
  await announceChanged(tx, [changed])
  if (!areFilesKept) tx.enqueue(deleteFiles, { keys: keysOf(attachment) })
  tx.audit({ ...eventOf(attachment, 'attachment.failed'), after: { status: 'failed', failureReason: reason } })
}

/** Lists every key under which an attachment may have a file. */
export const keysOf = (attachment: Pick<Processing, 'id' | 'storage_key'>) =>
  everyKeyOf({ ...attachment, kind: 'image', thumbnail_key: null })

const eventOf = ({ id, status }: Processing, action: string) => ({
  action,
  actorId: null,
  targetType: 'attachment',
  targetId: id,
  before: { status },
})
