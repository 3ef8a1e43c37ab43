import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../plugins/context.ts'
import { messageReply, said } from '../../plugins/reply.ts'
import { mailConfirmationCode } from './confirm-person.ts'

const nothing = z.strictObject({}).nullish()

export const twoFactorRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/auth/confirmation-code',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['auth'],
        summary: 'Mail a code that confirms an action',
        description: 'For accounts without a password, and to turn the mailed second factor off. One mail a minute.',
        body: nothing,
        response: { 202: messageReply },
      },
    },
    async (request, reply) => {
      await mailConfirmationCode(context, request.actor)
      return reply.status(202).send(said('We have sent you a mail with a code.'))
    },
  )
}
