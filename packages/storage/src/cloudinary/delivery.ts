import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { ByteRange } from '../remote/delivered-bytes.ts'
import type { CloudinaryConfig } from '../storage.ts'
import { kind, sdk } from './calls.ts'
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

/**
 * Builds a signed address with the SDK. A private CDN has the same paths at another host.
 * @param version a number that no cache of the CDN has seen, to get the present content
 */
export async function deliveryUrl(
  { deliveryUrl, apiSecret, cloudName }: CloudinaryConfig,
  publicId: string,
  version?: number,
): Promise<string> {
  const [protocol, place] = deliveryUrl.split('://')
  const { url } = await sdk()
  return url(publicId, {
    ...kind,
    ...(protocol === 'https' ? { secure_distribution: place } : { secure: false, cname: place }),
    cloud_name: cloudName,
    // Makes the SDK use the host as it is.
    private_cdn: true,
    api_secret: apiSecret,
    sign_url: true,
    long_url_signature: true,
    analytics: false,
    ...(version !== undefined && { version }),
  })
}
