import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { withinIdleTime } from '../remote/delivered-bytes.ts'
import type { S3Config } from '../storage.ts'
import type { Limits, S3Calls } from './client.ts'
import { faultOf, statusOf, unavailable } from './errors.ts'

/** Longer pauses come from callers: an answer must not wait for a store that has trouble. */
const maxAttempts = 2

/**
 * Stores a file by one request with its length and checksum, so that the object appears whole or not at all.
 * A stream is written to a temporary file first: its length must be known, and a second attempt needs its bytes again.
 * @throws StorageUnavailableError, or the error of the source
 */
export function upload(
  calls: S3Calls,
  config: S3Config,
  key: string,
  source: string | Readable,
  limits: Limits,
): Promise<{ sizeBytes: number }> {
  if (typeof source === 'string') return uploadFile(calls, config, key, source, limits)
  return withTemporaryFile(source, limits, (path) => uploadFile(calls, config, key, path, limits))
}

async function uploadFile(calls: S3Calls, config: S3Config, key: string, path: string, limits: Limits) {
  const { sizeBytes, checksum } = await measure(path)
  for (let attempt = 1; ; attempt++) {
    try {
      await putOnce(calls, config, key, { path, sizeBytes, checksum }, limits)
      return { sizeBytes }
    } catch (error) {
      if (attempt === maxAttempts || !isPassing(error)) throw faultOf(error, config)
    }
  }
}

type Measured = { path: string; sizeBytes: number; checksum: string }

async function putOnce(
  calls: S3Calls,
  config: S3Config,
  key: string,
  { path, sizeBytes, checksum }: Measured,
  limits: Limits,
): Promise<void> {
  const { PutObjectCommand } = await calls.sdk()
  const body = createReadStream(path)
  // Without a listener, an error before the SDK reads the stream would end the process.
  body.on('error', () => {})
  try {
    const command = new PutObjectCommand({
      Bucket: config.bucket,
      Key: key,
      Body: body,
      ContentLength: sizeBytes,
      ContentType: 'application/octet-stream',
      ...(config.checksums === 'when-supported' && { ChecksumCRC32: checksum }),
    })
    const watch = { limitMs: limits.uploadMs, progress: () => body.bytesRead }
    await calls.sendRaw((client, abortSignal) => client.send(command, { abortSignal }), watch)
  } finally {
    body.destroy()
  }
}

/** Reads the size of a file and its CRC32 as S3 writes it: big-endian, in base64. */
async function measure(path: string): Promise<{ sizeBytes: number; checksum: string }> {
  let [sizeBytes, crc] = [0, 0]
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    crc = crc32(chunk, crc)
  }
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return { sizeBytes, checksum: bytes.toString('base64') }
}

async function withTemporaryFile<T>(source: Readable, { idleMs }: Limits, use: (path: string) => Promise<T>) {
  const folder = await mkdtemp(join(tmpdir(), 'muster-s3-'))
  try {
    const path = join(folder, 'source')
    await pipeline(source, (chunks: AsyncIterable<Buffer>) => unlessStalled(chunks, idleMs), createWriteStream(path))
    return await use(path)
  } finally {
    source.destroy()
    await rm(folder, { recursive: true, force: true })
  }
}

async function* unlessStalled(chunks: AsyncIterable<Buffer>, idleMs: number): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]()
  const late = () => unavailable(`the source sent nothing for ${idleMs} ms`, 'TIMEOUT')
  for (;;) {
    const { done, value } = await withinIdleTime(idleMs, iterator.next(), late)
    if (done) return
    yield value
  }
}

const passingCodes = new Set(['ECONNRESET', 'EPIPE'])

/** Returns whether a second attempt at once may succeed: the server had an internal error, or closed a reused connection. */
const isPassing = (error: unknown): boolean =>
  (statusOf(error) ?? 0) >= 500 || passingCodes.has(String(Object(error).code))
