import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { answer, errors, messageReplyOf, okMessage } from '../../http/reply.ts'
import { confirmationErrors } from '../reauthentication/reauthentication.schema.ts'
import { changePasswordBody, forgotPasswordBody, resetPasswordBody } from './passwords.schema.ts'
import * as passwords from './passwords.service.ts'

export const passwordsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/auth/forgot-password',
    {
      config: { access: 'public', limit: 'forgotPassword' },
      schema: {
        operationId: 'forgotPassword',
        tags: ['auth'],
        summary: 'Mail a link with which a new password can be set',
        body: forgotPasswordBody,
        response: {
          202: answer(
            messageReplyOf('If there is an account with this e-mail, we have sent a link to it.'),
            'A mail is on its way if there is such an account.',
          ),
        },
      },
    },
    async (request, reply) => {
      await passwords.forgotPassword(context, request.body.email, originOf(request))
      return reply.status(202).send(okMessage('If there is an account with this e-mail, we have sent a link to it.'))
    },
  )

  app.post(
    '/auth/reset-password',
    {
      config: { access: 'public', limit: 'resetPassword' },
      schema: {
        operationId: 'resetPassword',
        tags: ['auth'],
        summary: 'Set a new password by a mailed link; ends all sessions',
        body: resetPasswordBody,
        response: {
          200: answer(
            messageReplyOf('The password is set. Sign in with it.'),
            'The password is set, and all sessions have ended.',
          ),
          ...errors('TOKEN_INVALID'),
        },
      },
    },
    async (request) => {
      await passwords.resetPassword(context, request.body, originOf(request))
      return okMessage('The password is set. Sign in with it.')
    },
  )

  app.post(
    '/auth/change-password',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'changePassword',
        tags: ['auth'],
        summary: 'Change the own password, or set the first one; ends the other sessions',
        body: changePasswordBody,
        response: {
          200: answer(
            messageReplyOf('The password is changed. Your other sessions have ended.'),
            'The password is changed.',
          ),
          ...errors(...confirmationErrors),
        },
      },
    },
    async (request) => {
      await passwords.changePassword(context, request.actor, request.body, originOf(request))
      return okMessage('The password is changed. Your other sessions have ended.')
    },
  )
}
