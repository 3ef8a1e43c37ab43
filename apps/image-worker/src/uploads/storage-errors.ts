import { RetryLater } from '@muster/jobs/worker'
import { FileNotStoredError, StorageUnavailableError } from '@muster/storage'

/** Reschedules the job while the storage is unavailable, without using up one of its attempts. @throws RetryLater */
export async function retryWhenUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof StorageUnavailableError)) throw error
    throw new RetryLater('storage unavailable', error.retryAfterSeconds * 1_000, { cause: error })
  }
}

export const isNotStored = (error: unknown) => error instanceof FileNotStoredError
