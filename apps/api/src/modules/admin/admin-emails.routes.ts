import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { errorReply, messageReply, ok, okMessage } from '../../http/reply.ts'
import {
  emailParams,
  emailQuery,
  emailReply,
  emailsReply,
  suppressionParams,
  suppressionQuery,
  suppressionsReply,
} from './admin-emails.schema.ts'
import * as emails from './admin-emails.service.ts'
import { doerOf } from './doer.ts'
import * as suppressions from './email-suppressions.service.ts'

const tags = ['administration']

export const adminEmailsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/admin/emails',
    {
      config: { access: rolesWith('email.read'), hasEffects: true },
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

  app.get(
    '/admin/emails/:id',
    {
      config: { access: rolesWith('email.read'), hasEffects: true },
      schema: {
        tags,
        summary: 'Read how a mail went',
        description: 'Without what it says. That it was shown is written to the audit log.',
        params: emailParams,
        response: { 200: emailReply, 404: errorReply },
      },
    },
    async (request) => ok({ email: await emails.readEmail(context, doerOf(request), request.params.id) }),
  )

  app.get(
    '/admin/emails/suppressions',
    {
      config: { access: rolesWith('email.read'), hasEffects: true },
      schema: {
        tags,
        summary: 'List the addresses that take no mail',
        description:
          'The newest first, each with what the mail server said and the mail that got this answer. Whose address was shown is written to the audit log.',
        querystring: suppressionQuery,
        response: { 200: suppressionsReply },
      },
    },
    async (request) => {
      const { suppressions: found, pagination } = await suppressions.listSuppressions(
        context,
        doerOf(request),
        request.query,
      )
      return { ...ok({ suppressions: found }), pagination }
    },
  )

  app.delete(
    '/admin/emails/suppressions/:id',
    {
      config: { access: rolesWith('email.unsuppress') },
      schema: {
        tags,
        summary: 'Lift a suppression: the address takes mail again',
        description: 'Mails that failed meanwhile stay failed; send again those that are still wanted.',
        params: suppressionParams,
        response: { 200: messageReply, 404: errorReply },
      },
    },
    async (request) => {
      await suppressions.liftSuppression(context, doerOf(request), { id: request.params.id })
      return okMessage('Mail goes to this address again. Send again what failed meanwhile and is still wanted.')
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
