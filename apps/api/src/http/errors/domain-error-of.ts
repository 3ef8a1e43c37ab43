import { DomainError } from '@muster/errors'
import { HashingOverloadedError } from '@muster/security/hashing-overloaded'
import { FileNotStoredError, StorageUnavailableError } from '@muster/storage'

/**
 * Maps the errors that packages define to the API's catalogue. `error-answer.ts` maps those of Fastify, zod and Postgres.
 * @returns a DomainError as it is, and undefined for an error that no package defines
 */
export function domainErrorOf(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error
  if (error instanceof HashingOverloadedError)
    return new DomainError('OVERLOADED', { retryAfterSeconds: error.retryAfterSeconds })
  if (error instanceof StorageUnavailableError) {
    const { retryAfterSeconds, cause } = error
    return new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds, cause })
  }
  if (error instanceof FileNotStoredError) return new DomainError('NOT_FOUND', { message: error.message, cause: error })
  return undefined
}
