import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import { userReply } from '../accounts/accounts.schema.ts'
import { authConfigMaxAgeSeconds, authConfigOf, authConfigReply } from './auth-config.ts'
import { challengeBody, loginBody, loginReply, signInCodeBody } from './sign-in.schema.ts'
import { login } from './sign-in.service.ts'
import { resendCode } from './sign-in-challenge.ts'
import { verifySignIn } from './verify-sign-in.ts'

/** Signs users in by password, and by the second factor if they have one. */
export const signInRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const { cookies } = context

  app.get(
    '/auth/config',
    {
      config: { access: 'public', limit: 'pageStart' },
      schema: {
        operationId: 'getAuthConfig',
        tags: ['auth'],
        summary: 'Read what forms need to know',
        description:
          'The rules of passwords, names and codes, whether visitors may register, sign-in with Google, lifetimes of sessions and limits of uploads. May be cached for 5 minutes.',
        response: { 200: authConfigReply },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', `public, max-age=${authConfigMaxAgeSeconds}`)
      return ok({ config: authConfigOf(context.config) })
    },
  )

  app.post(
    '/auth/login',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'login',
        tags: ['auth'],
        summary: 'Sign in by password',
        description:
          'The answer does not tell whether the e-mail or the password is wrong. Works on this page: afterwards its requests are signed in.',
        body: loginBody,
        response: {
          200: answer(
            loginReply,
            'Signed in, with cookies; or the challenge of the second step, without.',
            'Set-Cookie',
          ),
          ...errors('INVALID_CREDENTIALS', 'ACCOUNT_INACTIVE', 'ACCOUNT_LOCKED'),
        },
      },
    },
    async (request, reply) => {
      const begun = await login(context, request.body, originOf(request))
      if (begun.requiresTwoFactor) return ok(begun)
      cookies.set(reply, begun.grant)
      return ok({ requiresTwoFactor: false as const, user: begun.user })
    },
  )

  app.post(
    '/auth/two-factor/verify',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'verifySignIn',
        tags: ['auth'],
        summary: 'Finish a sign-in by the second factor',
        description:
          'Takes the mailed code, the code of the authenticator app, or a recovery code. It permits five tries.',
        body: signInCodeBody,
        response: {
          200: answer(userReply, 'Signed in.', 'Set-Cookie'),
          ...errors(
            'OTP_INVALID',
            'INVITE_INVALID',
            'CHALLENGE_INVALID',
            'INVALID_CREDENTIALS',
            'ACCOUNT_INACTIVE',
            'ROLE_NOT_ALLOWED',
            'ALREADY_EXISTS',
            'LAST_ADMIN',
            'ACCOUNT_LOCKED',
          ),
        },
      },
    },
    async (request, reply) => {
      const { user, grant, recoveryCodesLeft } = await verifySignIn(context, request.body, originOf(request))
      cookies.set(reply, grant)
      const message =
        recoveryCodesLeft === undefined ? undefined : `You used a recovery code; ${recoveryCodesLeft} are left.`
      return ok({ user }, message)
    },
  )

  app.post(
    '/auth/two-factor/resend',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'resendSignInCode',
        tags: ['auth'],
        summary: 'Mail another code for a sign-in',
        description: 'At most once a minute. The previous code no longer works. Tries and expiry stay as they are.',
        body: challengeBody,
        response: {
          202: answer(messageReplyOf('We have sent you a mail with a code.'), 'The code is on its way.'),
          ...errors('CHALLENGE_INVALID', 'CONFLICT', 'COOLDOWN'),
        },
      },
    },
    async (request, reply) => {
      await resendCode(context, request.body.challengeToken)
      return reply.status(202).send(okMessage('We have sent you a mail with a code.'))
    },
  )
}
