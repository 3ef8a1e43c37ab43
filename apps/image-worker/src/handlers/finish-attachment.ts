import { deleteFiles } from '@muster/jobs'
import type { Transact, TransactContext } from '@muster/jobs/outbox'
import { everyKeyOf } from '@muster/storage'
import { findAbandoned, type Processing, setFailed, setReady } from '../attachments.queries.ts'
import type { Deps } from '../deps.ts'
import type { OptimizedImage } from '../image/optimize.ts'

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

/** Images whose job was given up, for it took its worker down again and again, would stay in processing for ever. */
export function giveUpAbandoned({ clock }: Pick<Deps, 'clock'>, transact: Transact): Promise<number> {
  const now = clock.now()
  return transact(async (context) => {
    const abandoned = await findAbandoned(context.trx, new Date(now.getTime() - abandonedAfterMs), abandonedBatch)
    for (const attachment of abandoned) await fail(context, attachment, 'The image could not be processed.', now)
    return abandoned.length
  })
}

async function fail(
  { trx, enqueue, audit }: TransactContext,
  attachment: Processing,
  failureReason: string,
  now: Date,
) {
  if (!(await setFailed(trx, attachment.id, failureReason, now))) return
  enqueue(deleteFiles, { keys: everyKeyOf({ ...attachment, kind: 'image', thumbnail_key: null }) })
  audit({ ...changeOf(attachment, 'attachment.failed'), after: { status: 'failed', failureReason } })
}

const changeOf = ({ id, status }: Processing, action: string) => ({
  action,
  actorId: null,
  targetType: 'attachment',
  targetId: id,
  before: { status },
})
