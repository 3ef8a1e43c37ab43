import { FileNotStoredError } from '../errors.ts'
import type { OwnedStorage } from './owned-storage.ts'

/**
 * Combines two stores while files move between them: new files are written to the first one, and what it lacks is read from the second
 * one. Processes with the two in either order see the same files.
 */
export function withFallback(first: OwnedStorage, second: OwnedStorage): OwnedStorage {
  const orElse = async <T>(ask: (storage: OwnedStorage) => Promise<T>): Promise<T> => {
    try {
      return await ask(first)
    } catch (error) {
      if (!(error instanceof FileNotStoredError)) throw error
      return ask(second)
    }
  }
  return {
    put: first.put,
    open: (key, range) => orElse((storage) => storage.open(key, range)),
    copyTo: (key, path, signal) => orElse((storage) => storage.copyTo(key, path, signal)),
    stat: async (key) => (await first.stat(key)) ?? second.stat(key),

    async remove(keys) {
      await first.remove(keys)
      await second.remove(keys)
      // `muster files copy` may have copied a file to the first store before it was removed from the second one.
      await first.remove(keys)
    },

    /** A key in both stores is listed twice: the memory for leaving it out would grow with the number of files. */
    async *list(prefix) {
      yield* first.list(prefix)
      yield* second.list(prefix)
    },

    async verify() {
      await first.verify()
      await second.verify()
    },
  }
}
