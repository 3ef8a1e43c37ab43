import { Readable } from 'node:stream'
import { optimizeImage } from '@muster/jobs/definitions'
import type { HandlerContext } from '@muster/jobs/worker'
import { attachmentKeys } from '@muster/storage'
import type { LimitFunction } from 'p-limit'
import type { Deps } from '../deps.ts'
import { type OptimizedImage, optimize } from '../image/optimize.ts'
import { processUpload } from '../uploads/process-upload.ts'
import { retryWhenUnavailable } from '../uploads/storage-errors.ts'
import { completeAttachment, failAttachment, rejectAttachment, reopenAttachment } from './attachment-outcome.ts'
import { findAttachment } from './attachments.queries.ts'

export type AttachmentDeps = Pick<Deps, 'db' | 'publisher' | 'storage' | 'clock' | 'scanner'> & {
  limitPixelWork: LimitFunction
}

/**
 * Turns an uploaded image into its optimized version and thumbnail. Does nothing when the attachment was deleted or an
 * earlier run completed it. A failed attachment whose files are kept is processed again.
 */
export async function processAttachment(
  deps: AttachmentDeps,
  attachmentId: string,
  job: HandlerContext,
): Promise<void> {
  const attachment = await findAttachment(deps.db, attachmentId)
  if (!attachment || !(attachment.status === 'processing' || (await reopenAttachment(deps, attachment)))) return
  const make = async (path: string) => {
    const image = await deps.limitPixelWork(() => optimize(path, job.signal))
    return { image, keys: await store(deps, attachment.id, image) }
  }
  await processUpload(
    deps,
    attachment.storage_key,
    {
      make,
      complete: ({ image, keys }) => completeAttachment(deps, job.transact, attachment, image, keys),
      reject: (reason) => rejectAttachment(deps, job.transact, attachment, reason),
      fail: (reason) => failAttachment(deps, attachment, reason),
    },
    { ...job, job: optimizeImage },
  )
}

async function store({ storage }: Pick<Deps, 'storage'>, attachmentId: string, { bytes, thumbnail }: OptimizedImage) {
  const { original: _, ...keys } = attachmentKeys(attachmentId)
  const writes = [
    storage.put(keys.optimized, Readable.from([bytes])),
    storage.put(keys.thumbnail, Readable.from([thumbnail])),
  ]
  await retryWhenUnavailable(Promise.all(writes))
  return keys
}
