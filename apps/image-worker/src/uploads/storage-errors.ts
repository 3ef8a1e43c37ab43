import { DomainError } from '@muster/errors'
import { RetryLater } from '@muster/jobs/worker'

const retryAfterSeconds = 5

/** Storage that is away uses up none of the job's attempts: the job waits for it. @throws RetryLater */
export async function whenStorageIsThere<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'DEPENDENCY_UNAVAILABLE') throw error
    const waitSeconds = error.retryAfterSeconds ?? retryAfterSeconds
    throw new RetryLater('storage is not available', waitSeconds * 1_000, { cause: error })
  }
}

export const isNotStored = (error: unknown) => error instanceof DomainError && error.code === 'NOT_FOUND'
