import { Readable } from 'node:stream'
import { DomainError } from '@muster/errors'
import type { Storage } from '@muster/storage'
import { contentDisposition } from '@muster/text'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isNotModified } from '../etag.ts'
import { notModified } from '../openapi/answer.ts'
import { servedFilename } from './file-types.ts'

const fileHeaders = ['ETag', 'Content-Disposition', 'Accept-Ranges'] as const

/** Returns the responses of a route that serves files. */
export function fileAnswers(mediaType: string) {
  const content = { [mediaType]: { schema: z.file() } }
  return {
    200: { description: 'The whole file.', headers: fileHeaders, content },
    206: { description: 'The requested range.', headers: fileHeaders, content },
    304: notModified,
  }
}

/** Bytes from `start` to `end`, both inclusive. */
type Range = { start: number; end: number }

type Served = {
  key: string
  filename: string
  contentType: string
  isImage: boolean
  etag: string
  /** By default the browser revalidates each time. */
  cacheControl?: string
}

/**
 * Streams a stored file, or the requested range of it (RFC 9110). The headers keep uploaded content from running: sandboxed,
 * never sniffed, and only images are shown inline.
 */
export async function serveFile(
  { storage }: { storage: Storage },
  request: FastifyRequest,
  reply: FastifyReply,
  { key, filename, contentType, isImage, etag, cacheControl = 'private, no-cache' }: Served,
): Promise<FastifyReply> {
  reply.headers({
    etag,
    'cache-control': cacheControl,
    'content-security-policy': "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
  })
  if (isNotModified(request, etag)) return reply.status(304).send()

  const { stream, sizeBytes, range } = await contentOf(storage, key, request, reply, etag)
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 }
  if (range) reply.status(206).header('content-range', `bytes ${start}-${end}/${sizeBytes}`)
  return reply
    .type(contentType)
    .header('content-length', end - start + 1)
    .header(
      'content-disposition',
      contentDisposition(isImage ? 'inline' : 'attachment', servedFilename(filename, contentType)),
    )
    .send(stream)
}

/** Opens the requested content. Asks for the size only for HEAD and ranges, because that is a round trip to a remote storage. */
async function contentOf(
  storage: Storage,
  key: string,
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
): Promise<{ stream: Readable; sizeBytes: number; range?: Range | undefined }> {
  const isHead = request.method === 'HEAD'
  if (!isHead && request.headers.range === undefined) return storage.open(key)
  const found = await storage.stat(key)
  if (!found) throw new DomainError('NOT_FOUND', { message: 'This file is not stored.' })
  // RFC 9110 defines ranges for GET only.
  if (isHead) return { stream: Readable.from([]), sizeBytes: found.sizeBytes }
  const range = wantedRange(request, etag, found.sizeBytes)
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${found.sizeBytes}`)
    throw new DomainError('RANGE_NOT_SATISFIABLE')
  }
  return { ...(await storage.open(key, range)), range }
}

/** Parses the requested range. Undefined means the whole file, also for several ranges and for an invalid header. */
function wantedRange(request: FastifyRequest, etag: string, sizeBytes: number): Range | 'unsatisfiable' | undefined {
  const { range, 'if-range': ifRange } = request.headers
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(range ?? '') ?? []
  if ((first === '' && last === '') || (ifRange !== undefined && ifRange !== etag)) return undefined
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  return start > end ? 'unsatisfiable' : { start, end }
}
