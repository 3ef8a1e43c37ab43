/** The storage is unreachable or refuses to work. The same call may succeed after `retryAfterSeconds`. */
export class StorageUnavailableError extends Error {
  readonly retryAfterSeconds: number

  constructor({ retryAfterSeconds, cause }: { retryAfterSeconds: number; cause: unknown }) {
    super('The file storage is not available.', { cause })
    this.name = 'StorageUnavailableError'
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Nothing is stored under the key. */
export class FileNotStoredError extends Error {
  constructor() {
    super('This file is not stored.')
    this.name = 'FileNotStoredError'
  }
}
