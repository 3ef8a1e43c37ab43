import type { Logger } from '@muster/logger'
import { StorageUnavailableError } from '../errors.ts'
import type { OwnedStorage } from './owned-storage.ts'

/**
 * Creates a start check that claims the store of files. A store that does not respond is only logged: its owner is checked as soon as it
 * does, before the first file is read or written.
 * @returns a check that throws the fault with its remedy when an operator must change something
 */
export const storageCheck = (storage: Pick<OwnedStorage, 'verify'>, log: Logger) => async (): Promise<void> => {
  try {
    await storage.verify()
  } catch (error) {
    const cause = error instanceof StorageUnavailableError ? error.cause : undefined
    const remedy: unknown = Object(cause).remedy
    if (cause instanceof Error && typeof remedy === 'string')
      throw new Error(cause.message.includes(remedy) ? cause.message : `${cause.message} ${remedy}`, { cause: error })
    log.warn({ component: 'storage', err: error }, 'file storage unavailable at start, files wait until it responds')
  }
}
