import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { ByteRange } from '../remote/delivered-bytes.ts'
import { unavailable } from './errors.ts'

/**
 * Requests a file from Cloudinary's delivery address without a content encoding, so that lengths are exact.
 * @param answerMs time limit for the response headers
 * @throws StorageUnavailableError
 */
export async function requestDelivery(
  url: string,
  { method, range, answerMs }: { method: 'GET' | 'HEAD'; range?: ByteRange | undefined; answerMs: number },
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
