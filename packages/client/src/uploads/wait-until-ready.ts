import type { UploadedFile, WaitOptions } from '../http/call-types.ts'
import { MusterError } from '../http/error.ts'
import { sleep } from '../http/sleep.ts'

export type ReadFile<File> = (id: string, signal: AbortSignal) => Promise<File>
/** Calls the listener when a file may have changed. @returns a function that ends this */
export type WatchFile = (id: string, listener: () => void) => () => void

type Needs<File> = WaitOptions & { read: ReadFile<File>; watch: WatchFile }

const firstPollMs = 200
const maxPollMs = 5_000
const defaultTimeoutMs = 120_000

/**
 * Waits until files are processed: polls them, and looks at once when a socket tells of them.
 * @throws MusterError `ATTACHMENT_FAILED` with the reason when one cannot be used
 */
export async function waitUntilReady<File extends UploadedFile>(
  ids: readonly string[],
  { signal, timeoutMs = defaultTimeoutMs, ...needs }: Needs<File>,
): Promise<File[]> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const ended = AbortSignal.any(signal ? [signal, timeout] : [timeout])
  try {
    return await Promise.all(ids.map((id) => waitForOne(id, needs, ended)))
  } catch (error) {
    signal?.throwIfAborted()
    if (!timeout.aborted) throw error
    const message = `The files were not processed within ${timeoutMs / 1_000} s. Wait again.`
    throw new MusterError(message, { code: 'TIMEOUT', cause: error })
  }
}

async function waitForOne<File extends UploadedFile>(
  id: string,
  { read, watch }: Pick<Needs<File>, 'read' | 'watch'>,
  signal: AbortSignal,
): Promise<File> {
  for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 1.5, maxPollMs)) {
    const file = await read(id, signal)
    if (file.status === 'ready') return file
    const reason = file.failureReason ?? 'The file could not be processed.'
    if (file.status === 'failed') throw new MusterError(reason, { code: 'ATTACHMENT_FAILED' })
    const changed = new AbortController()
    const end = watch(id, () => changed.abort())
    await sleep(pollMs, AbortSignal.any([signal, changed.signal])).catch(() => signal.throwIfAborted())
    end()
  }
}
