import { DomainError } from '@muster/errors'
import { RetryLater } from '@muster/jobs/worker'

const retryAfterSeconds = 5

/** Reschedules the job while the storage is unavailable, without using up one of its attempts. @throws RetryLater */
export async function retryWhenUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'DEPENDENCY_UNAVAILABLE') throw error
    const waitSeconds = error.retryAfterSeconds ?? retryAfterSeconds
    throw new RetryLater('storage unavailable', waitSeconds * 1_000, { cause: error })
  }
}

export const isNotStored = (error: unknown) => error instanceof DomainError && error.code === 'NOT_FOUND'
