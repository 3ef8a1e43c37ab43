import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobDefinition } from '@muster/jobs/definitions'
import { failsFinally, type HandlerContext } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { UnusableImage } from '../image/unusable-image.ts'
import { isNotStored, retryWhenUnavailable } from './storage-errors.ts'
import { withTempFolder } from './temp-folder.ts'

export type UploadSteps<Result> = {
  /** Processes the image file at this path and stores the result. */
  make(path: string): Promise<Result>
  /** Stores that the upload was processed. */
  complete(result: Result): Promise<void>
  /** Stores that the file is infected or not a usable image. Final: the job ends without an error. */
  reject(reason: string): Promise<void>
  /** Stores that the last attempt failed by an internal error. The job fails then, and an operator can retry it. */
  fail(reason: string): Promise<void>
}

/**
 * Scans and processes an upload and stores the outcome with one of `complete`, `reject` and `fail`; without an outcome the
 * upload would stay in processing for ever.
 * @throws the error of `make`, unless it is an {@link UnusableImage}
 */
export async function processUpload<Result>(
  { storage, scanner }: Pick<Deps, 'storage' | 'scanner'>,
  storageKey: string,
  { make, complete, reject, fail }: UploadSteps<Result>,
  context: Pick<HandlerContext, 'attempt' | 'log' | 'signal'> & { job: JobDefinition },
): Promise<void> {
  const { log, signal } = context
  let result: Result
  try {
    result = await withTempFolder((folder) => makeInFolder({ storage, scanner }, storageKey, make, folder, signal))
  } catch (error) {
    if (error instanceof UnusableImage) {
      log.warn({ component: 'uploads', err: error, storageKey }, 'upload rejected')
      return reject(error.message)
    }
    if (failsFinally(error, context)) await fail(failureReasonOf(error))
    throw error
  }
  await complete(result)
}

const failureReasonOf = (error: unknown): string =>
  isNotStored(error) ? 'The uploaded file is missing in the storage.' : 'The image could not be processed.'

/** Copies the original to a file first: the scanner needs a path, and the image library never holds all of a file in memory. */
async function makeInFolder<Result>(
  { storage, scanner }: Pick<Deps, 'storage' | 'scanner'>,
  storageKey: string,
  make: UploadSteps<Result>['make'],
  folder: string,
  signal: AbortSignal,
): Promise<Result> {
  const path = join(folder, 'original')
  await retryWhenUnavailable(storage.copyTo(storageKey, path, signal))
  await scanner.scan(path, signal)
  try {
    return await unlessAborted(make(path), signal)
  } catch (error) {
    // The image library reports an unreadable file as a file that is not an image.
    if (error instanceof UnusableImage) await assertReadable(path)
    throw error
  }
}

/** @throws the error of the operating system, for example when no file handle is left */
async function assertReadable(path: string): Promise<void> {
  const file = await open(path)
  try {
    await file.read(Buffer.alloc(1), 0, 1, 0)
  } finally {
    await file.close()
  }
}

/** Rejects when the signal aborts. The image library cannot be interrupted, so its result is ignored then. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, aborted])
}
