import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../plugins/context.ts'
import { moment, text } from '../../plugins/fields.ts'
import { cursorInfo, instant } from '../../plugins/reply.ts'
import { wholeNumber } from '../../plugins/whole-number.ts'
import { listAuditEvents } from './audit.queries.ts'

const auditEvent = z
  .object({
    id: z.uuid(),
    seq: z.int(),
    action: z.string(),
    actorId: z.uuid().nullable(),
    targetType: z.string(),
    targetId: z.string(),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
    requestId: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
    createdAt: instant,
    hash: z.string(),
  })
  .meta({ id: 'AuditEvent' })

const filters = z
  .strictObject({
    actorId: z.uuid().optional(),
    action: text({ max: 100 }).optional(),
    targetType: text({ max: 100 }).optional(),
    targetId: text({ max: 100 }).optional(),
    from: moment.optional(),
    to: moment.optional(),
    /** The `seq` before which to go on; `nextCursor` of the answer before. */
    cursor: wholeNumber({ min: 1 }).optional(),
    limit: wholeNumber({ min: 1, max: 100 }).default(50),
  })
  .refine(({ from, to }) => !from || !to || from <= to, { path: ['to'], message: 'is before from' })

export const auditRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/admin/audit-events',
    {
      config: { access: ['super_admin', 'site_admin', 'operator'] },
      schema: {
        tags: ['administration'],
        summary: 'Read the audit log, the newest first',
        querystring: filters,
        response: {
          200: z.object({
            success: z.literal(true),
            data: z.object({ events: z.array(auditEvent) }),
            pagination: cursorInfo,
          }),
        },
      },
    },
    async (request) => {
      const { limit } = request.query
      const rows = await listAuditEvents(context.db, request.query)
      const events = rows.slice(0, limit)
      const nextCursor = rows.length > limit ? String(events.at(-1)?.seq) : null
      return { success: true as const, data: { events }, pagination: { limit, nextCursor } }
    },
  )
}
