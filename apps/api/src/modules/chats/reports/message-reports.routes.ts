import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../../context.ts'
import { originOf } from '../../../http/actor.ts'
import { answer, errors, ok } from '../../../http/reply.ts'
import { messageParams } from '../messages.schema.ts'
import { newReport, reportReply, reportsQuery, reportsReply } from './message-reports.schema.ts'
import * as reports from './message-reports.service.ts'

export const messageReportsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/chats/:id/messages/:messageId/report',
    {
      config: { access: 'signed-in', limit: 'messageReports', target: { type: 'chat', param: 'id' } },
      schema: {
        operationId: 'reportMessage',
        tags: ['chats'],
        summary: 'Report a message to the administrators',
        description:
          'To the client_admins of the group’s organization; in other chats to the administrators of the platform. A second report of the same message changes nothing. At most 60 reports an hour.',
        params: messageParams,
        body: newReport,
        response: {
          201: answer(reportReply, 'The report.'),
          200: answer(reportReply, 'The report that the caller made before.'),
          ...errors('NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request, reply) => {
      const { id: chatId, messageId } = request.params
      const given = { chatId, messageId, ...request.body }
      const { report, isNew } = await reports.reportMessage(context, request.actor, given, {
        origin: originOf(request),
      })
      if (isNew) reply.status(201)
      return ok({ report })
    },
  )

  app.get(
    '/admin/message-reports',
    {
      config: { access: rolesWith('report.read'), hasEffects: true, readsReplica: true },
      schema: {
        operationId: 'listMessageReports',
        tags: ['administration'],
        summary: 'List reported messages, the newest report first',
        description:
          'With each message as it is now. Platform roles see all reports, client_admins those of their organization’s groups. The audit log records which reports were read.',
        querystring: reportsQuery,
        response: { 200: answer(reportsReply, 'A page of reports.') },
      },
    },
    async (request) => {
      const { reports: found, pagination } = await reports.listReports(
        { ...context, reads: context.readsFor(request) },
        request.actor,
        request.query,
        {
          origin: originOf(request),
        },
      )
      return { ...ok({ reports: found }), pagination }
    },
  )
}
