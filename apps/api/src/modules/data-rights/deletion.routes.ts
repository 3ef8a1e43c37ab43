import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { clearSiteData } from '../../http/clear-site-data.ts'
import { answer, errors, messageReplyOf, okMessage } from '../../http/reply.ts'
import { confirmationBody, confirmationErrors } from '../reauthentication/reauthentication.schema.ts'
import { requestDeletion } from './deletion.service.ts'

export const deletionRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.delete(
    '/users/me',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'deleteOwnAccount',
        tags: ['users'],
        summary: 'Delete the own account',
        description:
          'Takes the password, or for an account without one the code that `/auth/confirmation-code` mails. All sessions end. After 30 days the account is made anonymous, unless its user signs in before.',
        body: confirmationBody,
        response: {
          200: answer(
            messageReplyOf('Your account will be deleted on 2030-02-14. To keep it, sign in before.'),
            'The account is deleted after 30 days; clears the cookies.',
            'Set-Cookie',
          ),
          ...errors(...confirmationErrors, 'LAST_ADMIN'),
        },
      },
    },
    async (request, reply) => {
      const until = await requestDeletion(context, request.actor, request.body, originOf(request))
      context.cookies.clear(reply)
      clearSiteData(reply)
      return okMessage(
        `Your account will be deleted on ${until.toISOString().slice(0, 10)}. To keep it, sign in before.`,
      )
    },
  )
}
