import { createReadStream, createWriteStream } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { FileNotStoredError } from '../errors.ts'
import { type ByteRange, deliveredBytes } from '../remote/delivered-bytes.ts'
import { assertKey, type CloudinaryConfig, type Storage, type StorageDriver, type StoredFile } from '../storage.ts'
import { destroyAll, type Limits, listPage, upload } from './calls.ts'
import { deliveryUrl, requestDelivery } from './delivery.ts'
import { refusedDelivery, unavailable } from './errors.ts'
import { cloudinaryOwnerMark } from './owner-mark.ts'

const defaultLimits: Limits = { answerMs: 10_000, uploadMs: 60_000, idleMs: 15_000, listPageSize: 500 }

/**
 * Creates a storage in a Cloudinary account. Files are raw, so that their bytes stay unchanged, and authenticated, so that only signed
 * addresses deliver them. Those addresses never leave this process.
 */
export function createCloudinaryStorage(config: CloudinaryConfig, given: Partial<Limits> = {}): StorageDriver {
  const limits = { ...defaultLimits, ...given }
  const publicIdOf = (key: string) => {
    assertKey(key)
    return `${config.folder}/${key}`
  }
  const ask = async (key: string, method: 'GET' | 'HEAD', range?: ByteRange) => {
    const url = await deliveryUrl(config, publicIdOf(key))
    return requestDelivery(url, { method, range, answerMs: limits.answerMs })
  }

  const open: Storage['open'] = async (key, range) => {
    if (range && (range.end ?? range.start) < range.start) throw new RangeError('the range ends before it begins')
    const answer = await ask(key, 'GET', range)
    if (answer.statusCode === 200 || answer.statusCode === 206) return contentOf(answer, range, limits)
    answer.destroy()
    if (answer.statusCode === 404) throw new FileNotStoredError()
    if (answer.statusCode === 416) throw new RangeError(`the file has ${totalOf(answer)} bytes`)
    throw refusedDelivery(answer)
  }

  return {
    async put(key, source) {
      const publicId = publicIdOf(key)
      return upload(config, publicId, typeof source === 'string' ? createReadStream(source) : source, limits)
    },

    open,

    async copyTo(key, path, signal) {
      const { stream } = await open(key)
      await pipeline(stream, createWriteStream(path), { signal })
    },

    async stat(key) {
      const answer = await ask(key, 'HEAD')
      answer.resume()
      if (answer.statusCode === 404) return undefined
      if (answer.statusCode !== 200) throw refusedDelivery(answer)
      return { sizeBytes: sizeOf(answer), modifiedAt: new Date(answer.headers['last-modified'] ?? 0) }
    },

    remove: async (keys) => destroyAll(config, keys.map(publicIdOf), limits),

    list: (prefix) => list(config, prefix, limits),

    owner: cloudinaryOwnerMark(config, limits),
  }
}

/** Returns the requested range of the content, also when the server ignored the range, which RFC 9110 allows. */
function contentOf(answer: IncomingMessage, range: ByteRange | undefined, { idleMs }: Limits) {
  if (answer.statusCode === 206)
    return { stream: deliveredBytes(answer, { idleMs, broken: unavailable }), sizeBytes: totalOf(answer) }
  const sizeBytes = sizeOf(answer)
  if (range && range.start >= sizeBytes) {
    answer.destroy()
    throw new RangeError(`the file has ${sizeBytes} bytes`)
  }
  return { stream: deliveredBytes(answer, { idleMs, cut: range, broken: unavailable }), sizeBytes }
}

function sizeOf(answer: IncomingMessage): number {
  return known(answer, Number(answer.headers['content-length'] ?? Number.NaN))
}

/** Reads the size of the whole file from the response to a range request. */
function totalOf(answer: IncomingMessage): number {
  return known(answer, Number(/\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1] ?? Number.NaN))
}

function known(answer: IncomingMessage, bytes: number): number {
  if (Number.isInteger(bytes)) return bytes
  answer.destroy()
  throw unavailable('the response does not state the size of the file')
}

/** Lists files page by page, each requested when the previous one is consumed. */
async function* list(config: CloudinaryConfig, prefix: string, limits: Limits): AsyncGenerator<StoredFile> {
  let cursor: string | undefined
  do {
    const page = await listPage(config, `${config.folder}/${prefix}`, cursor, limits)
    for (const { public_id, created_at } of page.resources) {
      const key = public_id.slice(config.folder.length + 1)
      if (!key.startsWith('.')) yield { key, modifiedAt: new Date(created_at) }
    }
    cursor = page.next_cursor
  } while (cursor)
}
