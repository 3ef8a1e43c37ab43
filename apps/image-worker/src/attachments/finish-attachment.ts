import { deleteFiles } from '@muster/jobs/definitions'
import { createTransact, type Transact, type TransactContext } from '@muster/jobs/outbox'
import { everyKeyOf } from '@muster/storage'
import type { Deps } from '../deps.ts'
import type { OptimizedImage } from '../image/optimize.ts'
import type { NotMade } from '../uploads/make-image.ts'
import { findAbandoned, forgetDiscarded, type Processing, setFailed, setReady } from './attachments.queries.ts'

const abandonedAfterMs = 24 * 3_600_000
const abandonedBatch = 500

type Keys = { optimized: string; thumbnail: string }

/** The attachment takes its new files and lets go of the original; when it was deleted meanwhile, the new ones go. */
export function finish(
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
    audit({ ...changeOf(attachment, 'attachment.optimized'), after: { status: 'ready', ...ready } })
  })
}

/** The attachment says why there is no image; what was uploaded, and made of it, is removed: nobody may be served it. */
export function giveUp(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  attachment: Processing,
  failureReason: string,
): Promise<void> {
  return transact((context) => fail(context, attachment, failureReason, clock.now()))
}

/**
 * The attachment says that Muster failed, and keeps its bytes for when the job is run again.
 * @throws the fault, with which the job fails for good
 */
export async function failByFault(
  { db, publisher, clock }: Pick<Deps, 'db' | 'publisher' | 'clock'>,
  attachment: Processing,
  { failureReason, fault }: NotMade,
): Promise<never> {
  // Not the job's own transaction: that would end the job as done, and nobody could run it again.
  await createTransact({ db, publisher })((context) => fail(context, attachment, failureReason, clock.now(), keepBytes))
  throw fault
}

/**
 * Images whose job failed without a word, for it took its worker down again and again, would stay in processing for ever.
 * Bytes are kept for as long as the failed job is, and go when it was discarded.
 */
export function giveUpAbandoned({ clock }: Pick<Deps, 'clock'>, transact: Transact): Promise<number> {
  const now = clock.now()
  return transact(async (context) => {
    const { trx, enqueue } = context
    const abandoned = await findAbandoned(trx, new Date(now.getTime() - abandonedAfterMs), abandonedBatch)
    for (const attachment of abandoned)
      await fail(context, attachment, 'The image could not be processed.', now, {
        areBytesKept: attachment.canBeRetried,
      })
    for (const attachment of await forgetDiscarded(trx, abandonedBatch))
      enqueue(deleteFiles, { keys: keysOf(attachment) })
    return abandoned.length
  })
}

const keepBytes = { areBytesKept: true }

async function fail(
  { trx, enqueue, audit }: TransactContext,
  attachment: Processing,
  failureReason: string,
  now: Date,
  { areBytesKept }: { areBytesKept: boolean } = { areBytesKept: false },
) {
  if (!(await setFailed(trx, attachment.id, { reason: failureReason, areBytesKept }, now))) return
  if (!areBytesKept) enqueue(deleteFiles, { keys: keysOf(attachment) })
  audit({ ...changeOf(attachment, 'attachment.failed'), after: { status: 'failed', failureReason } })
}

const keysOf = (attachment: Pick<Processing, 'id' | 'storage_key'>) =>
  everyKeyOf({ ...attachment, kind: 'image', thumbnail_key: null })

const changeOf = ({ id, status }: Processing, action: string) => ({
  action,
  actorId: null,
  targetType: 'attachment',
  targetId: id,
  before: { status },
})
