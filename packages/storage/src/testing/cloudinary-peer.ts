import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { CloudinaryConfig } from '../storage.ts'
import { partsOf } from './multipart.ts'
import { deliverySignatures, requestSignature } from './signatures.ts'

type Stored = { bytes: Buffer; createdAt: Date }
/** A fault to inject. It lasts until the test sets another one or undefined. */
type Trouble =
  | { answers: number }
  | { hangs: true }
  /** Closes the connection of each delivery after this many bytes. */
  | { cutsAt: number }
  /** Stops sending after this many bytes of a delivery, and keeps the connection open. */
  | { stallsAt: number }
  /** Closes the connection before a request is complete. */
  | { leaves: true }
  /** Ignores the requested range and delivers the whole file. */
  | { ignoresRanges: true }

export type CloudinaryPeer = {
  config: CloudinaryConfig
  /** The environment with which a process uses this server. */
  env: Record<string, string>
  /** The stored files by public id. */
  files: Map<string, Stored>
  /** Method and path without query of every request, e.g. `POST /v1_1/demo/raw/upload`. */
  requests: string[]
  trouble: Trouble | undefined
  /** Counts the open connections. */
  connections(): Promise<number>
  close(): Promise<void>
}

const staleAfterMs = 3_600_000

/**
 * Starts a server with the parts of Cloudinary's upload, admin and delivery APIs that Muster uses. It checks every
 * signature by the documentation ("Generating authentication signatures", "Signed delivery URLs"), not by the SDK.
 */
export async function startCloudinaryPeer(): Promise<CloudinaryPeer> {
  const server = createServer((request, response) => {
    answer(peer, request, response).catch((error: unknown) => {
      if (!response.headersSent) refuse(response, 400, String(error))
      else response.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const account = { cloudName: 'demo', apiKey: '123456789', apiSecret: 'peer-Secret_abc' }
  const peer: CloudinaryPeer = {
    config: {
      driver: 'cloudinary',
      ...account,
      folder: 'muster',
      apiUrl: url,
      deliveryUrl: `${url}/${account.cloudName}`,
      signatureAlgorithm: 'sha1',
    },
    env: {
      STORAGE_DRIVER: 'cloudinary',
      CLOUDINARY_URL: `cloudinary://${account.apiKey}:${account.apiSecret}@${account.cloudName}`,
      CLOUDINARY_UPLOAD_PREFIX: url,
      CLOUDINARY_DELIVERY_URL: `${url}/${account.cloudName}`,
    },
    files: new Map(),
    requests: [],
    trouble: undefined,
    connections: promisify(server.getConnections.bind(server)),
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return peer
}

async function answer(peer: CloudinaryPeer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://peer')
  peer.requests.push(`${request.method} ${url.pathname}`)
  const { trouble } = peer
  const api = `/v1_1/${peer.config.cloudName}`
  if (trouble && 'hangs' in trouble) request.resume()
  else if (trouble && 'answers' in trouble) refuse(response, trouble.answers, 'told to')
  else if (trouble && 'leaves' in trouble) request.socket.destroy()
  else if (url.pathname === `${api}/raw/upload`) await upload(peer, request, response)
  else if (url.pathname === `${api}/raw/destroy`) await destroy(peer, request, response)
  else if (url.pathname === `${api}/resources/raw/authenticated`) list(peer, request, response, url.searchParams)
  else deliver(peer, request, response, url.pathname)
}

async function upload(peer: CloudinaryPeer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { fields, file } = await partsOf(request)
  if (!isSigned(peer, fields, response)) return
  const publicId = fields.public_id ?? ''
  if (!file?.length || fields.type !== 'authenticated') {
    refuse(response, 400, file?.length ? 'Of a type that this peer does not keep' : 'Empty file')
    return
  }
  const existing = fields.overwrite === '1' ? undefined : peer.files.get(publicId)
  const stored = existing ?? { bytes: file, createdAt: new Date() }
  peer.files.set(publicId, stored)
  json(response, 200, {
    public_id: publicId,
    version: Math.floor(stored.createdAt.getTime() / 1_000),
    resource_type: 'raw',
    type: fields.type,
    bytes: stored.bytes.length,
    ...(existing && { existing: true }),
    created_at: stored.createdAt.toISOString(),
  })
}

async function destroy(peer: CloudinaryPeer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { fields } = await partsOf(request)
  if (!isSigned(peer, fields, response)) return
  const isGone = fields.type === 'authenticated' && peer.files.delete(fields.public_id ?? '')
  json(response, 200, { result: isGone ? 'ok' : 'not found' })
}

/** Checks the API key, the age of the timestamp and the signature over the parameters. */
function isSigned({ config }: CloudinaryPeer, fields: Record<string, string>, response: ServerResponse): boolean {
  const { signature, api_key: apiKey, ...params } = fields
  const expected = requestSignature(params, config)
  const isFresh = Math.abs(Date.now() - Number(params.timestamp) * 1_000) < staleAfterMs
  if (apiKey !== config.apiKey) refuse(response, 401, `Unknown API key ${apiKey}`)
  else if (!isFresh) refuse(response, 400, 'Stale request - reported time is more than 1 hour ago')
  else if (signature !== expected) refuse(response, 401, `Invalid Signature ${signature}.`)
  else return true
  return false
}

function list(peer: CloudinaryPeer, request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
  const { apiKey, apiSecret } = peer.config
  const expected = `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`
  if (request.headers.authorization !== expected) {
    refuse(response, 401, 'Invalid credentials')
    return
  }
  const all = [...peer.files].filter(([publicId]) => publicId.startsWith(query.get('prefix') ?? '')).sort()
  const start = Number(query.get('next_cursor') ?? 0)
  const end = start + Number(query.get('max_results') ?? 10)
  json(response, 200, {
    resources: all.slice(start, end).map(([publicId, { bytes, createdAt }]) => ({
      public_id: publicId,
      resource_type: 'raw',
      type: 'authenticated',
      bytes: bytes.length,
      created_at: createdAt.toISOString(),
    })),
    ...(end < all.length && { next_cursor: String(end) }),
  })
}

function deliver(peer: CloudinaryPeer, request: IncomingMessage, response: ServerResponse, path: string): void {
  const shape = new RegExp(`^/${peer.config.cloudName}/raw/authenticated/s--([\\w-]+)--/(?:v\\d+/)?(.+)$`)
  const [, signature = '', publicId = ''] = shape.exec(path) ?? []
  const file = peer.files.get(decodeURIComponent(publicId))
  const isSigned = deliverySignatures(publicId, peer.config).includes(signature)
  if (isSigned && file) send(peer, request, response, file)
  else refuse(response, isSigned ? 404 : 401, isSigned ? `Resource not found - ${publicId}` : 'Invalid signature')
}

function send(
  { trouble }: CloudinaryPeer,
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, createdAt }: Stored,
): void {
  const wanted = trouble && 'ignoresRanges' in trouble ? undefined : request.headers.range
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(wanted ?? '') ?? []
  const start = Number(first ?? 0)
  const end = Math.min(last ? Number(last) : bytes.length - 1, bytes.length - 1)
  const isInside = start < bytes.length
  const range = isInside ? `bytes ${start}-${end}/${bytes.length}` : `bytes */${bytes.length}`
  if (first) response.setHeader('content-range', range)
  const headers = { 'last-modified': createdAt.toUTCString(), 'content-length': isInside ? end + 1 - start : 0 }
  response.writeHead(isInside ? (first ? 206 : 200) : 416, headers)
  const body = bytes.subarray(start, end + 1)
  if (trouble && 'cutsAt' in trouble) response.write(body.subarray(0, trouble.cutsAt), () => response.destroy())
  else if (trouble && 'stallsAt' in trouble) response.write(body.subarray(0, trouble.stallsAt))
  else response.end(request.method === 'HEAD' ? undefined : body)
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.setHeader('x-cld-error', message)
  json(response, status, { error: { message } })
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
