import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { noBody } from '../../http/fields.ts'
import { answer, errors, messageReplyOf, okMessage } from '../../http/reply.ts'
import { mailConfirmationCode } from './reauthenticate.ts'

/** Mails the code by which accounts without a password confirm sensitive actions. */
export const reauthenticationRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/auth/confirmation-code',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'sendConfirmationCode',
        tags: ['auth'],
        summary: 'Mail a code that confirms an action',
        description:
          'For accounts without a password, and for turning the mailed second factor off. At most one mail a minute.',
        body: noBody,
        response: {
          202: answer(messageReplyOf('We have sent you a mail with a code.'), 'The code is on its way.'),
          ...errors('COOLDOWN'),
        },
      },
    },
    async (request, reply) => {
      await mailConfirmationCode(context, request.actor)
      return reply.status(202).send(okMessage('We have sent you a mail with a code.'))
    },
  )
}
