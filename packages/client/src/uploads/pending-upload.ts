import type { Attachment } from '../generated/schemas.gen.ts'
import type { PendingUpload, WaitOptions } from '../http/call-types.ts'

export type WaitUntilReady = (ids: readonly string[], options?: WaitOptions) => Promise<Attachment[]>

/** Adds `waitUntilReady` to the promise of uploaded attachments. */
export function createPendingUpload(uploaded: Promise<Attachment[]>, waitUntilReady: WaitUntilReady): PendingUpload {
  return Object.assign(uploaded, {
    waitUntilReady: async (options?: WaitOptions) =>
      waitUntilReady(
        (await uploaded).map(({ id }) => id),
        options,
      ),
  })
}
