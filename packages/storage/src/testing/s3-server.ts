import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import type { S3Config } from '../storage.ts'
import { isSignedBy } from './s3-signature.ts'
import { S3Store } from './s3-store.ts'

const require = createRequire(import.meta.url)
const S3rver = require('s3rver')

/** A fault to inject. It lasts until the test sets another one or undefined. */
type Trouble =
  | { answers: number; code: string }
  | { hangs: true }
  /** Closes the connection before a request is complete. */
  | { leaves: true }
  /** Closes the connection of each download after this many bytes. */
  | { cutsAt: number }
  /** Stops sending after this many bytes of a download, and keeps the connection open. */
  | { stallsAt: number }

export type S3Server = {
  config: S3Config
  /** The environment with which a process uses this server. */
  env: Record<string, string>
  /** The stored bytes by key. */
  objects: S3Store['objects']
  /** Method and path of every request. */
  requests: string[]
  trouble: Trouble | undefined
  /** Counts the open connections. */
  connections(): Promise<number>
  close(): Promise<void>
}

type Cipher = typeof import('node:crypto').createCipheriv
const crypto = require('node:crypto') as Record<'createCipheriv' | 'createDecipheriv', Cipher>
for (const name of ['createCipheriv', 'createDecipheriv'] as const) {
  const original = crypto[name]
  // s3rver encrypts the tokens of its lists by DES, which OpenSSL 3 lacks.
  crypto[name] = ((algorithm: string, key: Buffer, iv: Buffer) =>
    algorithm === 'des'
      ? original('aes-128-cbc', Buffer.concat([key, key]), Buffer.concat([iv, iv]))
      : original(algorithm, key, iv)) as Cipher
}

const account = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
const bucket = 'muster-test'

/** Starts s3rver with one bucket in memory. Signatures, checksums and conditions of puts are verified, and faults can be injected. */
export async function startS3Server(): Promise<S3Server> {
  const store = new S3Store(bucket)
  const app = new S3rver({ silent: true, vhostBuckets: false, directory: tmpdir() })
  app.store = app.context.store = store
  app.silent = true
  app.on('error', () => {})
  const respond = app.callback() as (request: IncomingMessage, response: ServerResponse) => void
  const http = createServer((request, response) => {
    server.requests.push(`${request.method} ${request.url}`)
    if (!isDisturbed(server, request, response) && !isRefused(store, request, response)) respond(request, response)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const endpoint = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const server: S3Server = {
    config: {
      driver: 's3',
      bucket,
      region: 'us-east-1',
      endpoint,
      credentials: account,
      prefix: 'muster',
      forcesPathStyle: true,
      checksums: 'when-supported',
    },
    env: {
      STORAGE_DRIVER: 's3',
      S3_BUCKET: bucket,
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY_ID: account.accessKeyId,
      S3_SECRET_ACCESS_KEY: account.secretAccessKey,
    },
    objects: store.objects,
    requests: [],
    trouble: undefined,
    connections: promisify(http.getConnections.bind(http)),
    async close() {
      http.close()
      http.closeAllConnections()
    },
  }
  return server
}

function isDisturbed({ trouble }: S3Server, request: IncomingMessage, response: ServerResponse): boolean {
  if (!trouble) return false
  if ('hangs' in trouble) request.resume()
  else if ('leaves' in trouble) request.socket.destroy()
  else if ('answers' in trouble) refuse(request, response, trouble.answers, trouble.code)
  else {
    const { write } = response
    let sent = 0
    const limit = 'cutsAt' in trouble ? trouble.cutsAt : trouble.stallsAt
    response.write = ((chunk: Buffer) => {
      const part = chunk.subarray(0, Math.max(0, limit - sent))
      sent += part.length
      if (part.length > 0) write.call(response, part, 'utf8')
      if ('cutsAt' in trouble && sent >= limit) setImmediate(() => response.destroy())
      return true
    }) as typeof write
    response.end = (() => response) as typeof response.end
    return false
  }
  return true
}

/** Refuses what S3 refuses and s3rver does not: a wrong signature, a put of an object that exists, and bytes that do not fit their checksum. */
function isRefused({ objects }: S3Store, request: IncomingMessage, response: ServerResponse): boolean {
  const key = decodeURIComponent((request.url ?? '').split('?')[0]?.split('/').slice(2).join('/') ?? '')
  const isOurs = request.headers.authorization?.includes(`Credential=${account.accessKeyId}/`)
  if (isOurs && !isSignedBy(request, account.secretAccessKey)) {
    refuse(request, response, 403, 'SignatureDoesNotMatch')
    return true
  }
  if (request.method !== 'PUT') return false
  if (request.headers['if-none-match'] === '*' && objects.has(key)) {
    refuse(request, response, 412, 'PreconditionFailed')
    return true
  }
  verifyChecksum(request)
  return false
}

/** Breaks the connection when the body does not fit the checksum in its header. */
function verifyChecksum(request: IncomingMessage): void {
  const wanted = request.headers['x-amz-checksum-crc32']
  if (wanted === undefined) return
  let crc = 0
  const { push } = request
  request.push = (chunk: Buffer | null, encoding) => {
    if (chunk) crc = crc32(chunk, crc)
    else if (Buffer.from(String(wanted), 'base64').readUInt32BE() !== crc) request.destroy(new Error('BadDigest'))
    return push.call(request, chunk, encoding)
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, code: string): void {
  request.pipe(new PassThrough()).resume()
  const xml = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>told to</Message></Error>`
  response.writeHead(status, { 'content-type': 'application/xml' }).end(request.method === 'HEAD' ? undefined : xml)
}
