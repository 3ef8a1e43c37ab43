import { Readable } from 'node:stream'

/** Bytes `start` to `end` of a file, both included. */
export type ByteRange = { start: number; end?: number }

type Options = {
  /** How long the source may send no byte while the reader waits. */
  idleMs: number
  /** The range of the bytes to return; defaults to all. */
  cut?: ByteRange | undefined
  /** Creates the error for a source that breaks off or stalls. */
  broken: (reason: string) => Error
}

/** Streams the bytes of an answer of a remote store. The stream fails with the error of `broken` when the answer breaks off or stalls. */
export function deliveredBytes(answer: Readable, { idleMs, cut, broken }: Options): Readable {
  const bytes = read(answer, idleMs, broken)
  const stream = Readable.from(cut ? part(bytes, cut) : bytes, { objectMode: false })
  // The connection must be closed even when the stream is never read.
  return stream.once('close', () => answer.destroy())
}

async function* read(answer: Readable, idleMs: number, broken: Options['broken']): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = answer[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await withinIdleTime(
        idleMs,
        chunks.next(),
        () => new Error(`nothing came for ${idleMs} ms`),
      )
      if (done) return
      yield value
    }
  } catch (cause) {
    throw broken(cause instanceof Error ? cause.message : 'the answer broke off')
  }
}

async function* part(chunks: AsyncGenerator<Buffer>, { start, end = Infinity }: ByteRange): AsyncGenerator<Buffer> {
  let at = 0
  for await (const chunk of chunks) {
    const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at))
    at += chunk.length
    if (wanted.length > 0) yield wanted
    if (at > end) return
  }
}

/** Rejects with the error of `late` when `work` has no result within the time. */
export async function withinIdleTime<T>(idleMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(late()), idleMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
