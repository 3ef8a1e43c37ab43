import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import {
  emailNote,
  emailParams,
  emailQuery,
  emailReply,
  emailsReply,
  resentReply,
  suppressionParams,
  suppressionQuery,
  suppressionsReply,
} from './admin-emails.schema.ts'
import * as emails from './admin-emails.service.ts'
import { emailResultsQuery, emailResultsReply } from './email-results.schema.ts'
import { readResults } from './email-results.service.ts'
import * as suppressions from './email-suppressions.service.ts'
import { principalOf } from './principal.ts'

const tags = ['administration']

export const adminEmailsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/admin/emails',
    {
      config: { access: rolesWith('email.read'), hasEffects: true, readsReplica: true },
      schema: {
        operationId: 'listEmails',
        tags,
        summary: 'List mails and their delivery',
        description: 'The newest first, without their content. The audit log records which mails were shown.',
        querystring: emailQuery,
        response: { 200: answer(emailsReply, 'A page of mails.') },
      },
    },
    async (request) => {
      const { emails: found, pagination } = await emails.listEmails(
        { ...context, reads: context.readsFor(request) },
        principalOf(request),
        request.query,
      )
      return { ...ok({ emails: found }), pagination }
    },
  )

  app.get(
    '/admin/emails/:id',
    {
      config: { access: rolesWith('email.read'), hasEffects: true },
      schema: {
        operationId: 'getEmail',
        tags,
        summary: 'Read the delivery of a mail, with each attempt',
        description:
          'With the answers of the mail server, without the content of the mail. The audit log records that the mail was shown.',
        params: emailParams,
        response: { 200: answer(emailReply, 'The delivery.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ email: await emails.readEmail(context, principalOf(request), request.params.id) }),
  )

  app.get(
    '/admin/emails/results',
    {
      config: { access: rolesWith('email.read'), readsReplica: true },
      schema: {
        operationId: 'getEmailResults',
        tags,
        summary: 'Count how attempts to send mails ended, over time',
        description: 'For as long as mails are kept. Attempts of releases before this one are not counted.',
        querystring: emailResultsQuery,
        response: { 200: answer(emailResultsReply, 'The counts.') },
      },
    },
    async (request) => {
      const deps = { ...context, reads: context.readsFor(request) }
      return ok({ results: await readResults(deps, principalOf(request), request.query) })
    },
  )

  app.get(
    '/admin/emails/suppressions',
    {
      config: { access: rolesWith('email.read'), hasEffects: true },
      schema: {
        operationId: 'listEmailSuppressions',
        tags,
        summary: 'List the suppressed addresses',
        description:
          'The newest first, each with the answer of the mail server and the mail that got it. The audit log records which addresses were shown.',
        querystring: suppressionQuery,
        response: { 200: answer(suppressionsReply, 'A page of addresses.') },
      },
    },
    async (request) => {
      const { suppressions: found, pagination } = await suppressions.listSuppressions(
        context,
        principalOf(request),
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
        operationId: 'deleteEmailSuppression',
        tags,
        summary: 'Lift the suppression of an address',
        description: 'Mails that failed meanwhile stay failed. Resend those that are still wanted.',
        params: suppressionParams,
        body: emailNote,
        response: {
          200: answer(
            messageReplyOf(
              'Mail is sent to this address again. Resend mails that failed meanwhile and are still wanted.',
            ),
            'Lifted.',
          ),
          ...errors('NOT_FOUND'),
        },
      },
    },
    async (request) => {
      await suppressions.liftSuppression(context, principalOf(request), { id: request.params.id }, request.body ?? {})
      return okMessage('Mail is sent to this address again. Resend mails that failed meanwhile and are still wanted.')
    },
  )

  app.post(
    '/admin/emails/:id/resend',
    {
      config: { access: rolesWith('email.resend') },
      schema: {
        operationId: 'resendEmail',
        tags,
        summary: 'Send a mail again',
        description:
          'Returns the new mail; the first one keeps its status. 409 for a mail with a code or token, a mail that is still queued, a mail that has expired, and a suppressed address.',
        params: emailParams,
        body: emailNote,
        response: { 202: answer(resentReply, 'The new mail.'), ...errors('NOT_FOUND', 'CONFLICT') },
      },
    },
    async (request, reply) => {
      const email = await emails.resendEmail(context, principalOf(request), request.params.id, request.body ?? {})
      return reply.status(202).send(ok({ email }))
    },
  )
}
