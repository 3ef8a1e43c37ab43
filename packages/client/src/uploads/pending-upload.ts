import type { PendingUpload, UploadedFile, WaitOptions } from '../http/call-types.ts'
import { type ReadFile, type WatchFile, waitUntilReady } from './wait-until-ready.ts'

/** Adds `waitUntilReady` to the promise of uploaded files. */
export function createPendingUpload<File extends UploadedFile>(
  uploaded: Promise<File[]>,
  read: ReadFile<File>,
  watch: WatchFile,
): PendingUpload<File> {
  return Object.assign(uploaded, {
    async waitUntilReady(options?: WaitOptions) {
      const ids = (await uploaded).map(({ id }) => id)
      return waitUntilReady(ids, { read, watch, ...options })
    },
  })
}
