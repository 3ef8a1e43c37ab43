import { deleteFiles } from '@muster/jobs/definitions'
import { createTransact, type Transact, type TransactContext } from '@muster/jobs/outbox'
import { everyKeyOf } from '@muster/storage'
import type { Deps } from '../deps.ts'
import type { OptimizedImage } from '../image/optimize.ts'
import { emptyDiscarded, findAbandoned, type Processing, setFailed, setReady } from './attachments.queries.ts'

const abandonedAfterMs = 24 * 3_600_000
const abandonedBatch = 500
const failureReason = 'The image could not be processed.'

type Keys = { optimized: string; thumbnail: string }

/** Stores the optimized image and enqueues the deletion of the original; of the new files when the attachment was deleted meanwhile. */
export function completeAttachment(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  attachment: Processing,
  { bytes, contentType, widthPx, heightPx }: OptimizedImage,
  keys: Keys,
): Promise<void> {
  return transact(async ({ trx, enqueue, audit }) => {
    const ready = { contentType, widthPx, heightPx, sizeBytes: bytes.length }
    const files = { storageKey: keys.optimized, thumbnailKey: keys.thumbnail }
    if (!(await setReady(trx, attachment.id, { ...ready, ...files }, clock.now()))) {
      enqueue(deleteFiles, { keys: Object.values(keys) })
      return
    }
    enqueue(deleteFiles, { keys: [attachment.storage_key] })
    audit({ ...eventOf(attachment, 'attachment.optimized'), after: { status: 'ready', ...ready } })
  })
}

/** Marks the attachment as failed with a reason for its uploader, and enqueues the deletion of all its files. */
export function rejectAttachment(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  attachment: Processing,
  reason: string,
): Promise<void> {
  return transact((context) => fail(context, attachment, { reason, areFilesKept: false }, clock.now()))
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
  return transact((context) => fail(context, attachment, { reason, areFilesKept: true }, clock.now()))
}

/**
 * Fails attachments that are still in processing although their job ended, for example because it crashed the worker in
 * each attempt. Their files are kept while the failed job is listed, and deleted after an operator has discarded it.
 * @returns how many attachments it failed
 */
export function failAbandonedAttachments({ clock }: Pick<Deps, 'clock'>, transact: Transact): Promise<number> {
  const now = clock.now()
  return transact(async (context) => {
    const { trx, enqueue } = context
    const abandoned = await findAbandoned(trx, new Date(now.getTime() - abandonedAfterMs), abandonedBatch)
    for (const attachment of abandoned)
      await fail(context, attachment, { reason: failureReason, areFilesKept: attachment.canBeRetried }, now)
    for (const attachment of await emptyDiscarded(trx, abandonedBatch))
      enqueue(deleteFiles, { keys: keysOf(attachment) })
    return abandoned.length
  })
}

async function fail(
  { trx, enqueue, audit }: TransactContext,
  attachment: Processing,
  { reason, areFilesKept }: { reason: string; areFilesKept: boolean },
  now: Date,
): Promise<void> {
  if (!(await setFailed(trx, attachment.id, { reason, areFilesKept }, now))) return
  if (!areFilesKept) enqueue(deleteFiles, { keys: keysOf(attachment) })
  audit({ ...eventOf(attachment, 'attachment.failed'), after: { status: 'failed', failureReason: reason } })
}

const keysOf = (attachment: Pick<Processing, 'id' | 'storage_key'>) =>
  everyKeyOf({ ...attachment, kind: 'image', thumbnail_key: null })

const eventOf = ({ id, status }: Processing, action: string) => ({
  action,
  actorId: null,
  targetType: 'attachment',
  targetId: id,
  before: { status },
})
