import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobDefinition } from '@muster/jobs/definitions'
import { failsForGood, type HandlerContext } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { UnusableImage } from '../image/unusable-image.ts'
import { isNotStored, whenStorageIsThere } from './storage-errors.ts'
import { withTempFolder } from './temp-folder.ts'

/** Makes something of the image file at this path, and stores it; stops between its steps when the signal says so. */
type Make<T> = (path: string, signal: AbortSignal) => Promise<T>

/**
 * Why there is no image. The person's own file, damaged or too large, is final. A fault of Muster is thrown once its
 * outcome is noted, so that the job is listed as failed: run again, it may still make the image.
 */
export type NotMade = { failureReason: string; fault?: unknown }

/**
 * Makes something of an uploaded image. A file that is no usable image is an outcome, not an error; so is the fault with
 * which the job fails for good, since otherwise the upload would stay in processing for ever.
 */
export async function makeOrGiveUp<T>(
  deps: Pick<Deps, 'storage'>,
  storageKey: string,
  make: Make<T>,
  context: Pick<HandlerContext, 'attempt' | 'log' | 'signal'> & { job: JobDefinition },
): Promise<T | NotMade> {
  const { log, signal } = context
  try {
    return await withTempFolder((folder) => makeFrom(deps, storageKey, make, folder, signal))
  } catch (error) {
    if (error instanceof UnusableImage) {
      log.warn({ err: error, storageKey }, 'image refused, its file is of no use')
      return { failureReason: error.message }
    }
    if (!failsForGood(error, context)) throw error
    return { failureReason: reasonOf(error), fault: error }
  }
}

const reasonOf = (fault: unknown): string =>
  isNotStored(fault) ? 'The uploaded file is missing in the storage.' : 'The image could not be processed.'

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
  try {
    return await unlessAborted(make(path, signal), signal)
  } catch (error) {
    // The image library takes a file that this process can't read for one that is no image.
    if (error instanceof UnusableImage) await assertReadable(path)
    throw error
  }
}

/** @throws what the operating system says, e.g. that there are no handles left */
async function assertReadable(path: string): Promise<void> {
  const file = await open(path)
  try {
    await file.read(Buffer.alloc(1), 0, 1, 0)
  } finally {
    await file.close()
  }
}

/** The image library can't be interrupted; its result is left behind and the job goes to another process at once. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, aborted])
}
