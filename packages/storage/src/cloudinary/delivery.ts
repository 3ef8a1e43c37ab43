import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { unavailable } from './errors.ts'

/** Bytes `start` to `end` of a file, both included. */
type Range = { start: number; end?: number }

/**
 * Requests a file from Cloudinary's delivery address without a content encoding, so that lengths are exact.
 * @param answerMs time limit for the response headers
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
    // A reused connection that the server was just closing says nothing about the file.
    if (request.reusedSocket && Object(cause).code === 'ECONNRESET')
      return requestDelivery(url, { method, range, answerMs })
    throw unavailable(cause instanceof Error ? cause.message : 'no answer')
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Streams the bytes of a response. The stream fails with StorageUnavailableError when the response breaks off, or sends no byte for
 * `idleMs` while the reader waits.
 * @param cut the range of the bytes to return; defaults to all
 */
export function bytesOf(
  answer: IncomingMessage,
  { idleMs, cut }: { idleMs: number; cut?: Range | undefined },
): Readable {
  const stream = Readable.from(cut ? part(read(answer, idleMs), cut) : read(answer, idleMs), { objectMode: false })
  // The connection must be closed even when the stream is never read.
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
    throw unavailable(cause instanceof Error ? cause.message : 'the answer broke off')
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
