import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FileNotStoredError } from '../errors.ts'
import { deliveredBytes } from '../remote/delivered-bytes.ts'
import { assertKey, type S3Config, type Storage, type StorageDriver, type StoredFile } from '../storage.ts'
import { type Limits, type S3Calls, s3Calls } from './client.ts'
import { faultOf, statusOf, unavailable } from './errors.ts'
import { s3OwnerMark } from './owner-mark.ts'
import { upload } from './upload.ts'

const defaultLimits: Limits = { answerMs: 5_000, uploadMs: 60_000, idleMs: 10_000, listPageSize: 500 }
/** The limit of S3 for one request. */
const maxKeysPerRemoval = 1_000

/** Creates a storage in a bucket of S3 or of a server that speaks its protocol. The bucket stays private: only this process reads it. */
export function createS3Storage(config: S3Config, given: Partial<Limits> = {}): StorageDriver {
  const limits = { ...defaultLimits, ...given }
  const calls = s3Calls(config, limits)
  const objectOf = (key: string) => {
    assertKey(key)
    return { Bucket: config.bucket, Key: `${config.prefix}/${key}` }
  }

  const open: Storage['open'] = async (key, range) => {
    const object = objectOf(key)
    if (range && (range.end ?? range.start) < range.start) throw new RangeError('the range ends before it begins')
    const { GetObjectCommand } = await calls.sdk()
    const command = new GetObjectCommand({
      ...object,
      ...(range && { Range: `bytes=${range.start}-${range.end ?? ''}` }),
    })
    try {
      const answer = await calls.sendRaw((client, abortSignal) => client.send(command, { abortSignal }))
      const body = answer.Body as Readable
      const sizeBytes = totalOf(answer)
      const ignored = range && answer.ContentRange === undefined
      if (sizeBytes === undefined || (ignored && range.start >= sizeBytes)) body.destroy()
      if (sizeBytes === undefined) throw unavailable('the answer does not state the size of the file')
      if (ignored && range.start >= sizeBytes) throw new RangeError(`the file has ${sizeBytes} bytes`)
      const cut = ignored ? range : undefined
      return { stream: deliveredBytes(body, { idleMs: limits.idleMs, cut, broken: unavailable }), sizeBytes }
    } catch (error) {
      if (error instanceof RangeError) throw error
      if (statusOf(error) === 416) throw new RangeError('the file ends before the range')
      throw isMissing(error) ? new FileNotStoredError() : faultOf(error, config)
    }
  }

  return {
    put: async (key, source) => upload(calls, config, objectOf(key).Key, source, limits),

    open,

    async copyTo(key, path, signal) {
      const { stream } = await open(key)
      await pipeline(stream, createWriteStream(path), { signal })
    },

    async stat(key) {
      const object = objectOf(key)
      const { HeadObjectCommand } = await calls.sdk()
      try {
        const found = await calls.sendRaw((client, abortSignal) =>
          client.send(new HeadObjectCommand(object), { abortSignal }),
        )
        return { sizeBytes: found.ContentLength ?? 0, modifiedAt: found.LastModified ?? new Date(0) }
      } catch (error) {
        if (statusOf(error) !== 404) throw faultOf(error, config)
        // The answer to HEAD does not tell a missing bucket from a missing object; that to a list does.
        await listPage(calls, config, { prefix: key, pageSize: 1 })
        return undefined
      }
    },

    async remove(keys) {
      const objects = keys.map((key) => ({ Key: objectOf(key).Key }))
      for (let start = 0; start < objects.length; start += maxKeysPerRemoval)
        await removeBatch(calls, config, objects.slice(start, start + maxKeysPerRemoval))
    },

    list: (prefix) => list(calls, config, prefix, limits.listPageSize),

    owner: s3OwnerMark(calls, config),
  }
}

const isMissing = (error: unknown) => error instanceof Error && ['NoSuchKey', 'NotFound'].includes(error.name)

/** Reads the size of the whole object from the answer to a request for all of it or for a range. */
function totalOf({ ContentRange, ContentLength }: { ContentRange?: string; ContentLength?: number }) {
  const total = ContentRange === undefined ? ContentLength : Number(/\/(\d+)$/.exec(ContentRange)?.[1] ?? Number.NaN)
  return Number.isInteger(total) ? total : undefined
}

async function removeBatch(calls: S3Calls, config: S3Config, objects: { Key: string }[]): Promise<void> {
  const { DeleteObjectsCommand } = await calls.sdk()
  const command = new DeleteObjectsCommand({ Bucket: config.bucket, Delete: { Objects: objects, Quiet: true } })
  const { Errors = [] } = await calls.send((client, abortSignal) => client.send(command, { abortSignal }))
  const [first] = Errors.filter(({ Code }) => Code !== 'NoSuchKey')
  if (first) throw unavailable(`${Errors.length} files were not removed, ${first.Code}`, first.Code)
}

async function listPage(
  calls: S3Calls,
  config: S3Config,
  { prefix, token, pageSize }: { prefix: string; token?: string | undefined; pageSize: number },
) {
  const { ListObjectsV2Command } = await calls.sdk()
  const command = new ListObjectsV2Command({
    Bucket: config.bucket,
    Prefix: `${config.prefix}/${prefix}`,
    MaxKeys: pageSize,
    ContinuationToken: token,
  })
  return calls.send((client, abortSignal) => client.send(command, { abortSignal }))
}

/** Lists files page by page, each requested when the previous one is consumed. */
async function* list(calls: S3Calls, config: S3Config, prefix: string, pageSize: number): AsyncGenerator<StoredFile> {
  let token: string | undefined
  do {
    const page = await listPage(calls, config, { prefix, token, pageSize })
    for (const { Key = '', LastModified = new Date(0) } of page.Contents ?? []) {
      const key = Key.slice(config.prefix.length + 1)
      if (!key.startsWith('.')) yield { key, modifiedAt: LastModified }
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined
  } while (token)
}
