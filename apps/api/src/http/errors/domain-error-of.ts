import { DomainError } from '@muster/errors'
import { HashingOverloadedError } from '@muster/security/hashing-overloaded'
import { FileNotStoredError, StorageUnavailableError } from '@muster/storage'

/**
 * Maps the errors of the packages to the API's catalogue: the only place that decides the status and code of each.
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
