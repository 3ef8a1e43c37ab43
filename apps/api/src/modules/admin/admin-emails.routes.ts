import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'

import type { Context } from '../../plugins/context.ts'
import { errorReply, ok } from '../../plugins/reply.ts'
import { emailParams, emailQuery, emailReply, emailsReply } from './admin-emails.schema.ts'
import * as emails from './admin-emails.service.ts'
import { doerOf } from './doer.ts'

const tags = ['administration']

export const adminEmailsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/admin/emails',
    {
      config: { access: rolesWith('email.read') },
      schema: {
        tags,
        summary: 'List mails and how they went',
        description: 'The newest first, without what they say. Whose mail was shown is written to the audit log.',
        querystring: emailQuery,
        response: { 200: emailsReply },
      },
    },
    async (request) => {
      const { emails: found, pagination } = await emails.listEmails(context, doerOf(request), request.query)
      return { ...ok({ emails: found }), pagination }
    },
  )

  app.post(
    '/admin/emails/:id/resend',
    {
      config: { access: rolesWith('email.resend') },
      schema: {
        tags,
        summary: 'Send a mail again',
        description:
          'Answers the new mail; the first one keeps telling how it went. 409 for a mail with a code or token, one that still waits, one that has expired, and an address that takes no mail.',
        params: emailParams,
        response: { 202: emailReply, 404: errorReply, 409: errorReply },
      },
    },
    async (request, reply) => {
      const email = await emails.resendEmail(context, doerOf(request), request.params.id)
      return reply.status(202).send(ok({ email }))
    },
  )
}
