import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

const require = createRequire(import.meta.url)
const S3Object = require('s3rver/lib/models/object')

type Stored = { bytes: Buffer; modifiedAt: Date }
type Incoming = { key: string; content: Readable | Buffer; bucket: string }
type Listing = { prefix?: string; startAfter?: string; maxKeys?: number }

/**
 * The objects of one bucket, in memory, as s3rver's controllers use a store. Unlike its folder, an object is replaced at once, as S3
 * promises.
 */
export class S3Store {
  readonly objects = new Map<string, Stored>()
  readonly bucket: string

  constructor(bucket: string) {
    this.bucket = bucket
  }

  async getBucket(name: string) {
    return name === this.bucket ? { name, creationDate: new Date(0) } : null
  }

  /** Rules for CORS and web sites, which no bucket of Muster has. */
  async getSubresource() {
    return null
  }

  async existsObject(_bucket: string, key: string) {
    return this.objects.has(key)
  }

  async getObject(bucket: string, key: string, range: { start?: number; end?: number } = {}) {
    const stored = this.objects.get(key)
    if (!stored) return null
    const last = stored.bytes.length - 1
    const wanted = { start: range.start ?? 0, end: Math.min(range.end ?? last, last) }
    const isInside = wanted.start <= wanted.end || range.start === undefined
    const content = isInside ? Readable.from([stored.bytes.subarray(wanted.start, wanted.end + 1)]) : null
    const object = new S3Object(bucket, key, content, metadataOf(stored))
    return range.start === undefined ? object : Object.assign(object, { range: wanted })
  }

  async putObject({ key, content }: Incoming) {
    const bytes = Buffer.isBuffer(content) ? content : await buffer(content)
    this.objects.set(key, { bytes, modifiedAt: new Date() })
    return { size: bytes.length, md5: md5Of(bytes) }
  }

  async deleteObject(_bucket: string, key: string) {
    this.objects.delete(key)
  }

  async listObjects(bucket: string, { prefix = '', startAfter = '', maxKeys = 1_000 }: Listing) {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > startAfter).sort()
    const objects = keys
      .slice(0, maxKeys)
      .map((key) => new S3Object(bucket, key, null, metadataOf(this.objects.get(key) as Stored)))
    return { objects, commonPrefixes: [], isTruncated: keys.length > maxKeys }
  }
}

const md5Of = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

const metadataOf = ({ bytes, modifiedAt }: Stored) => ({
  etag: JSON.stringify(md5Of(bytes)),
  'last-modified': modifiedAt.toUTCString(),
  'content-length': bytes.length,
})
