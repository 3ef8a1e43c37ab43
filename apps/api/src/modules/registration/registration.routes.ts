import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import { tabCookies } from '../../http/tab-cookies.ts'
import { userReply } from '../accounts/accounts.schema.ts'
import { registrationTtlSeconds } from './pending-registrations.ts'
import { registerBody, verifyBody } from './registration.schema.ts'
import * as registration from './registration.service.ts'

/** Registers users: POST /auth/register mails a code, POST /auth/register/verify creates the account. */
export const registrationRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const { cookies } = context
  /** One cookie for each e-mail, so that two tabs can register two addresses at a time. */
  const attempts = tabCookies(context, { name: 'muster_attempt', ttlSeconds: registrationTtlSeconds })

  app.post(
    '/auth/register',
    {
      config: { access: 'public', limit: 'register' },
      schema: {
        operationId: 'register',
        tags: ['auth'],
        summary: 'Begin a registration: mails a code',
        description:
          'The code is valid for five minutes and five tries, in the browser that got the cookie of this answer.',
        body: registerBody,
        response: {
          202: answer(
            messageReplyOf('We have sent a mail to this address. Enter the code that it contains.'),
            'The code is on its way. Sets the cookie of the registration.',
            'Set-Cookie',
          ),
          ...errors('REGISTRATION_CLOSED', 'USERNAME_TAKEN', 'COOLDOWN'),
        },
      },
    },
    async (request, reply) => {
      const { attempt } = await registration.register(context, request.body)
      attempts.set(request, reply, request.body.email, attempt)
      return reply.status(202).send(okMessage('We have sent a mail to this address. Enter the code that it contains.'))
    },
  )

  app.post(
    '/auth/register/verify',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'verifyRegistration',
        tags: ['auth'],
        summary: 'Verify the e-mail by its code: creates the account and signs in',
        body: verifyBody,
        response: {
          201: answer(userReply, 'The account is created, and its user is signed in.', 'Set-Cookie'),
          ...errors('OTP_INVALID', 'REGISTRATION_CLOSED', 'ALREADY_EXISTS', 'USERNAME_TAKEN'),
        },
      },
    },
    async (request, reply) => {
      const input = { ...request.body, attempt: attempts.read(request, request.body.email) }
      const { user, grant } = await registration.verifyRegistration(context, input, originOf(request))
      cookies.set(reply, grant)
      attempts.clear(reply, request.body.email)
      return reply.status(201).send(ok({ user }))
    },
  )
}
