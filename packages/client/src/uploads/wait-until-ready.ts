import type { Attachment } from '../generated/schemas.gen.ts'
import { MusterError } from '../http/error.ts'
import { sleep } from '../http/sleep.ts'
import type { WaitUntilReady } from './pending-upload.ts'

type Needs = {
  read: (id: string, signal: AbortSignal) => Promise<Attachment>
  /** Calls the listener when an attachment may have changed. @returns a function that ends this */
  onChange: (id: string, listener: () => void) => () => void
}

const firstPollMs = 200
const maxPollMs = 5_000
const defaultTimeoutMs = 120_000

/** Creates the function that waits until attachments are processed: it polls, and looks at once when a socket tells of them. */
export function createWaitUntilReady({ read, onChange }: Needs): WaitUntilReady {
  async function waitForOne(id: string, signal: AbortSignal): Promise<Attachment> {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 1.5, maxPollMs)) {
      const attachment = await read(id, signal)
      if (attachment.status === 'ready') return attachment
      if (attachment.status === 'failed')
        throw new MusterError(attachment.failureReason ?? 'The file could not be processed.', {
          code: 'ATTACHMENT_FAILED',
        })
      const changed = new AbortController()
      const end = onChange(id, () => changed.abort())
      try {
        await sleep(pollMs, AbortSignal.any([signal, changed.signal]))
      } catch {
        signal.throwIfAborted()
      } finally {
        end()
      }
    }
  }

  return async (ids, { signal, timeoutMs = defaultTimeoutMs } = {}) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      const ended = AbortSignal.any(signal ? [signal, timeout] : [timeout])
      return await Promise.all(ids.map((id) => waitForOne(id, ended)))
    } catch (error) {
      signal?.throwIfAborted()
      if (!timeout.aborted) throw error
      throw new MusterError(`The files were not processed within ${timeoutMs / 1_000} s. Wait again.`, {
        code: 'TIMEOUT',
        cause: error,
      })
    }
  }
}
