import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { principalOf } from './principal.ts'
import { traceParams, traceReply } from './request-trace.schema.ts'
import { traceRequest } from './request-trace.service.ts'

export const requestTraceRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/admin/trace/:requestId',
    {
      // Of the permissions that the service asks for, this one is for the fewest roles.
      config: { access: rolesWith('audit.read'), hasEffects: true },
      schema: {
        operationId: 'getRequestTrace',
        tags: ['administration'],
        summary: 'Read what one request caused',
        description:
          'Its audit events, mails and notifications for as long as they are kept, its jobs and outbox rows while they exist, and what is gone. 400 tells why a text is no id of a request. The audit log records the look.',
        params: traceParams,
        response: { 200: answer(traceReply, 'What it caused.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => {
      const deps = { ...context, retention: context.config.tracedRetention }
      return ok({ trace: await traceRequest(deps, principalOf(request), request.params.requestId) })
    },
  )
}
