import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { optimizeImage } from '@muster/jobs'
import { type HandlerContext, handle, RetryLater } from '@muster/jobs/worker'
import { findAttachment, type Processing } from '../attachments.queries.ts'
import type { Deps } from '../deps.ts'
import { type OptimizedImage, optimize } from '../image/optimize.ts'
import { UnusableImage } from '../image/unusable-image.ts'
import { withTempFolder } from '../temp-folder.ts'
import { finish, giveUp } from './finish-attachment.ts'
import { isNotStored, whenStorageIsThere } from './storage-errors.ts'

type Needs = Pick<Deps, 'db' | 'storage' | 'clock'>

/**
 * Turns an uploaded image into its small version and thumbnail. A file that is no usable image is an outcome, not an
 * error: the attachment says why and the job is done. Storage that is away is waited for.
 */
export function optimizeImageHandler(deps: Needs) {
  return handle(optimizeImage, async ({ attachmentId }, context) => {
    const attachment = await findAttachment(deps.db, attachmentId)
    // Deleted meanwhile, or finished by an earlier run.
    if (attachment?.status !== 'processing') return
    const made = await makeOrGiveUp(deps, attachment, context)
    if ('failureReason' in made) return giveUp(deps, context.transact, attachment, made.failureReason)
    const keys = await store(deps, attachment.id, made)
    await finish(deps, context.transact, attachment, made, keys)
  })
}

/** After the last attempt the attachment would stay in processing for ever, so then too it gets a reason. */
async function makeOrGiveUp(
  deps: Needs,
  attachment: Processing,
  { attempt, log, signal }: HandlerContext,
): Promise<OptimizedImage | { failureReason: string }> {
  try {
    return await withTempFolder((folder) => make(deps, attachment, folder, signal))
  } catch (error) {
    const isLast = attempt >= optimizeImage.options.attempts && !(error instanceof RetryLater) && !signal.aborted
    if (!isLast && !(error instanceof UnusableImage)) throw error
    log.warn({ err: error, attachmentId: attachment.id }, 'the image is given up')
    return { failureReason: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof UnusableImage) return error.message
  return isNotStored(error) ? 'The uploaded file is missing in the storage.' : 'The image could not be processed.'
}

/** The original goes to a file first: the image library reads what it needs of it, and memory never holds it whole. */
async function make({ storage }: Needs, attachment: Processing, folder: string, signal: AbortSignal) {
  const path = join(folder, 'original')
  const { stream } = await whenStorageIsThere(storage.open(attachment.storage_key))
  await pipeline(stream, createWriteStream(path), { signal })
  return unlessAborted(optimize(path, signal), signal)
}

async function store({ storage }: Needs, attachmentId: string, { bytes, thumbnail }: OptimizedImage) {
  const keys = {
    optimized: `attachments/${attachmentId}/optimized`,
    thumbnail: `attachments/${attachmentId}/thumbnail`,
  }
  await whenStorageIsThere(storage.put(keys.optimized, Readable.from([bytes])))
  await whenStorageIsThere(storage.put(keys.thumbnail, Readable.from([thumbnail])))
  return keys
}

/** The image library can't be interrupted; its result is left behind and the job goes to another process at once. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, aborted])
}
