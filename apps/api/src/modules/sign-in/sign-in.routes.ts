import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { errorReply, messageReply, ok, said } from '../../http/reply.ts'
import { tabCookies } from '../../http/tab-cookies.ts'
import { userReply } from '../accounts/accounts.schema.ts'
import { registrationTtlSeconds } from '../registration/pending-registrations.ts'
import { loginBody, loginReply, registerBody, verifyBody } from './sign-in.schema.ts'
import * as auth from './sign-in.service.ts'

export const authRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const { cookies } = context
  /** By e-mail: two tabs may register two addresses at a time. */
  const attempts = tabCookies(context, { name: 'muster_attempt', ttlSeconds: registrationTtlSeconds })

  app.post(
    '/auth/register',
    {
      config: { access: 'public', limit: 'register' },
      schema: {
        tags: ['auth'],
        summary: 'Begin a registration: mails a code',
        body: registerBody,
        response: {
          202: messageReply,
          400: errorReply,
          403: errorReply,
          409: errorReply,
        },
      },
    },
    async (request, reply) => {
      const { attempt } = await auth.register(context, request.body)
      attempts.set(request, reply, request.body.email, attempt)
      return reply.status(202).send(said('We have sent a mail to this address. Enter the code that it contains.'))
    },
  )

  app.post(
    '/auth/register/verify',
    {
      config: { access: 'public' },
      schema: {
        tags: ['auth'],
        summary: 'Prove the e-mail by its code: creates the account and signs in',
        body: verifyBody,
        response: {
          201: userReply,
          400: errorReply,
          403: errorReply,
          409: errorReply,
        },
      },
    },
    async (request, reply) => {
      const input = { ...request.body, attempt: attempts.read(request, request.body.email) }
      const { user, grant } = await auth.verifyRegistration(context, input, originOf(request))
      cookies.set(reply, grant)
      attempts.clear(reply, request.body.email)
      return reply.status(201).send(ok({ user }))
    },
  )

  app.post(
    '/auth/login',
    {
      config: { access: 'public' },
      schema: {
        tags: ['auth'],
        summary: 'Sign in by password',
        body: loginBody,
        response: {
          200: loginReply,
          400: errorReply,
          401: errorReply,
          403: errorReply,
        },
      },
    },
    async (request, reply) => {
      const begun = await auth.login(context, request.body, originOf(request))
      if (begun.requiresTwoFactor) return ok(begun)
      cookies.set(reply, begun.grant)
      return ok({ requiresTwoFactor: false as const, user: begun.user })
    },
  )
}
