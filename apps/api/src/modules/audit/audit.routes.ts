import { Readable } from 'node:stream'
import { DomainError } from '@muster/errors'
import { rolesWith } from '@muster/policy'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { answer, ok } from '../../http/reply.ts'
import {
  auditEventsReply,
  auditQuery,
  chainQuery,
  chainReply,
  exportQuery,
  verifyQuery,
  verifyReply,
} from './audit.schema.ts'
import * as audit from './audit.service.ts'
import { readChain } from './chain-overview.service.ts'

const tags = ['administration']
const mediaTypes = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const
const exported = {
  description: 'The events, one a line.',
  headers: ['Content-Disposition'] as const,
  content: { 'application/x-ndjson': { schema: z.string() }, 'text/csv': { schema: z.string() } },
}
const verifyRetrySeconds = 5

export const auditRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const config = { access: rolesWith('audit.read') }

  app.get(
    '/admin/audit-events',
    {
      config: { ...config, readsReplica: true },
      schema: {
        operationId: 'listAuditEvents',
        tags,
        summary: 'Read the audit log, the newest first',
        querystring: auditQuery,
        response: { 200: answer(auditEventsReply, 'A page of events.') },
      },
    },
    async (request) => {
      const { events, pagination } = await audit.listEvents(context.readsFor(request), request.query)
      return { success: true as const, data: { events }, pagination }
    },
  )

  app.get(
    '/admin/audit-events/export',
    {
      config: { ...config, hasEffects: true, readsReplica: true },
      schema: {
        operationId: 'exportAuditEvents',
        tags,
        summary: 'Export the audit log, the oldest first',
        description:
          'One event a line, as JSON or as CSV (RFC 4180, every cell quoted, with an apostrophe before text that a spreadsheet would run as a formula). The export ends with the time of the request and is itself recorded in the log.',
        querystring: exportQuery,
        response: { 200: exported },
      },
    },
    async (request, reply) => {
      const { query } = request
      const requester = { actor: request.actor, origin: originOf(request) }
      const deps = { ...context, reads: context.readsFor(request) }
      const chunks = await audit.exportEvents(deps, requester, query)
      const day = context.clock.now().toISOString().slice(0, 10)
      const attachment = { name: `audit-events-${day}.${query.format}`, type: mediaTypes[query.format] }
      return sendChunks(reply as FastifyReply, attachment, chunks)
    },
  )

  app.get(
    '/admin/audit-events/chain',
    {
      config,
      schema: {
        operationId: 'getAuditChain',
        tags,
        summary: 'Read what the audit log consists of, and compare signed heads with it',
        description:
          'Its end, its months, what retention has dropped, and the newest head that the audit worker has announced. Verifies nothing.',
        querystring: chainQuery,
        response: { 200: answer(chainReply, 'The parts of the log.') },
      },
    },
    async (request) => ok({ chain: await readChain(context, request.query) }),
  )

  // One verification occupies a core of the database and part of this process; several at once would only be slower.
  let isVerifying = false

  app.get(
    '/admin/audit-events/verify',
    {
      config: { ...config, hasEffects: true },
      schema: {
        operationId: 'verifyAuditEvents',
        tags,
        summary: 'Verify the chain of the audit log',
        description:
          'Names each changed, inserted, removed and cut-off row. Ends after 20 seconds or about a hundred faults: then `complete` is false, and `nextCursor` continues. `head` takes signed heads of the audit worker’s log, separated by commas, each as `seq.hash.keyId.signature`.',
        querystring: verifyQuery,
        response: { 200: answer(verifyReply, 'The result, also when faults were found.') },
      },
    },
    async (request, reply) => {
      if (isVerifying) {
        const message = 'A verification is running. Try again in a moment.'
        throw new DomainError('OVERLOADED', { message, retryAfterSeconds: verifyRetrySeconds })
      }
      isVerifying = true
      try {
        const requester = { actor: request.actor, origin: originOf(request) }
        return ok(await audit.verifyLog(context, requester, request.query, () => reply.raw.destroyed))
      } finally {
        isVerifying = false
      }
    },
  )
}

/** Streams the chunks as a download. The next chunk is read when the client has taken the previous one. */
function sendChunks(
  reply: FastifyReply,
  attachment: { name: string; type: string },
  chunks: AsyncIterable<string>,
): FastifyReply {
  return reply
    .type(attachment.type)
    .header('content-disposition', `attachment; filename="${attachment.name}"`)
    .send(Readable.from(chunks, { objectMode: false }))
}
