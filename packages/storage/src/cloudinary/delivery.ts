import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { away } from './errors.ts'

/** Bytes `start` to `end` of a file, both included. */
type Range = { start: number; end?: number }

/**
 * Asks for a file where Cloudinary delivers it, as it lies there: no coding on the way, so that lengths stay true.
 * @param answerMs until the head of the answer is there
 * @throws StorageUnavailableError
 */
export async function requestDelivery(
  url: string,
  { method, range, answerMs }: { method: 'GET' | 'HEAD'; range?: Range | undefined; answerMs: number },
): Promise<IncomingMessage> {
  const headers = { 'accept-encoding': 'identity', ...(range && { range: `bytes=${range.start}-${range.end ?? ''}` }) }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = (url.startsWith('https:') ? https : http).request(url, { method, headers })
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${answerMs} ms`)), answerMs)
  request.on('response', resolve).on('error', reject).end()
  try {
    return await promise
  } catch (cause) {
    // A kept connection that the other side was just closing tells nothing about the file.
    if (request.reusedSocket && Object(cause).code === 'ECONNRESET')
      return requestDelivery(url, { method, range, answerMs })
    throw away(cause instanceof Error ? cause.message : 'no answer')
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The bytes of an answer. One that breaks off, or of which nothing comes for `idleMs` although they are wanted, ends in
 * StorageUnavailableError.
 * @param cut which of the answer's bytes are wanted, when that is not all of them
 */
export function bytesOf(
  answer: IncomingMessage,
  { idleMs, cut }: { idleMs: number; cut?: Range | undefined },
): Readable {
  const stream = Readable.from(cut ? part(read(answer, idleMs), cut) : read(answer, idleMs), { objectMode: false })
  // Also when nobody ever read: the answer would hold its connection.
  return stream.once('close', () => answer.destroy())
}

async function* read(answer: IncomingMessage, idleMs: number): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = answer[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await within(idleMs, chunks.next())
      if (done) return
      yield value
    }
  } catch (cause) {
    throw away(cause instanceof Error ? cause.message : 'the answer broke off')
  }
}

async function* part(chunks: AsyncGenerator<Buffer>, { start, end = Infinity }: Range): AsyncGenerator<Buffer> {
  let at = 0
  for await (const chunk of chunks) {
    const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at))
    at += chunk.length
    if (wanted.length > 0) yield wanted
    if (at > end) return
  }
}

async function within<T>(patienceMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`nothing came for ${patienceMs} ms`)), patienceMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
