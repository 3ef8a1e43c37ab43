import { join } from 'node:path'
import type { JobDefinition } from '@muster/jobs'
import { type HandlerContext, RetryLater } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { UnusableImage } from '../image/unusable-image.ts'
import { withTempFolder } from '../temp-folder.ts'
import { isNotStored, whenStorageIsThere } from './storage-errors.ts'

/** Makes something of the image file at this path, and stores it; stops between its steps when the signal says so. */
type Make<T> = (path: string, signal: AbortSignal) => Promise<T>

/**
 * Makes something of an uploaded image. A file that is no usable image is an outcome, not an error; after the job's last
 * attempt every fault is one, since otherwise the upload would stay in processing for ever.
 */
export async function makeOrGiveUp<T>(
  deps: Pick<Deps, 'storage'>,
  storageKey: string,
  make: Make<T>,
  { job, attempt, log, signal }: Pick<HandlerContext, 'attempt' | 'log' | 'signal'> & { job: JobDefinition },
): Promise<T | { failureReason: string }> {
  try {
    return await withTempFolder((folder) => makeFrom(deps, storageKey, make, folder, signal))
  } catch (error) {
    const isLast = attempt >= job.options.attempts && !(error instanceof RetryLater) && !signal.aborted
    if (!isLast && !(error instanceof UnusableImage)) throw error
    log.warn({ err: error, storageKey }, 'the image is given up')
    return { failureReason: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof UnusableImage) return error.message
  return isNotStored(error) ? 'The uploaded file is missing in the storage.' : 'The image could not be processed.'
}

/** The original goes to a file first: the image library reads what it needs of it, and memory never holds it whole. */
async function makeFrom<T>(
  { storage }: Pick<Deps, 'storage'>,
  storageKey: string,
  make: Make<T>,
  folder: string,
  signal: AbortSignal,
): Promise<T> {
  const path = join(folder, 'original')
  await whenStorageIsThere(storage.copyTo(storageKey, path, signal))
  return unlessAborted(make(path, signal), signal)
}

/** The image library can't be interrupted; its result is left behind and the job goes to another process at once. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, aborted])
}
