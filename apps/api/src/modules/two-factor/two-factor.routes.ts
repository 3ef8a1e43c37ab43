import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { errorReply, messageReply, ok, said } from '../../http/reply.ts'
import { userReply } from '../accounts/accounts.schema.ts'
import { mailConfirmationCode } from '../reauthentication/reauthenticate.ts'
import { renewAccess } from '../sessions/renew-access.ts'
import { resendCode } from '../sign-in/sign-in-challenge.ts'
import { verifySignIn } from '../sign-in/verify-sign-in.ts'
import {
  challengeBody,
  confirmationBody,
  digitCodeBody,
  ownerBody,
  recoveryCodesReply,
  setupBody,
  signInCodeBody,
  totpSetupReply,
} from './two-factor.schema.ts'
import * as twoFactor from './two-factor.service.ts'

const nothing = z.strictObject({}).nullish()
const mailed = said('We have sent you a mail with a code.')

/** The second step of a sign-in. */
const signInRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/auth/two-factor/verify',
    {
      config: { access: 'public' },
      schema: {
        tags: ['auth'],
        summary: 'Finish a sign-in by the second factor',
        description: 'Takes the mailed code, the code of the authenticator app, or a recovery code. Five tries.',
        body: signInCodeBody,
        response: { 200: userReply, 401: errorReply, 403: errorReply, 409: errorReply },
      },
    },
    async (request, reply) => {
      const { user, grant, recoveryCodesLeft } = await verifySignIn(context, request.body, originOf(request))
      context.cookies.set(reply, grant)
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
        tags: ['auth'],
        summary: 'Mail another code for a sign-in',
        description: 'Once a minute. The code before is worth nothing then; tries and time stay as they are.',
        body: challengeBody,
        response: { 202: messageReply, 401: errorReply, 409: errorReply },
      },
    },
    async (request, reply) => {
      await resendCode(context, request.body.challengeToken)
      return reply.status(202).send(mailed)
    },
  )
}

const setup = { access: 'signed-in', isOpenWithoutFactor: true } as const

/** Setting a factor up, which is all that somebody may do whose organization requires one that they lack. */
const setupRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/auth/two-factor/totp/setup',
    {
      config: setup,
      schema: {
        tags: ['auth'],
        summary: 'Begin to set up an authenticator app',
        description:
          'The app counts only once its first code was confirmed. A session older than 15 minutes confirms with the password ' +
          '(without one: `confirmationCode`, see /auth/confirmation-code). To replace an app that is in use, send that in any ' +
          'case, and as `code` one of the app or a recovery code.',
        body: setupBody.nullish(),
        response: { 200: totpSetupReply, 409: errorReply },
      },
    },
    async (request) => ok(await twoFactor.setUpTotp(context, request.actor, request.body ?? {}, originOf(request))),
  )

  app.post(
    '/auth/two-factor/totp/confirm',
    {
      config: setup,
      schema: {
        tags: ['auth'],
        summary: 'Turn the authenticator app on by its first code',
        description: 'Answers ten recovery codes, each good once, and never shown again.',
        body: digitCodeBody,
        response: { 200: recoveryCodesReply, 409: errorReply },
      },
    },
    async (request, reply) => {
      const { actor, body } = request
      const recoveryCodes = await twoFactor.confirmTotp(context, actor, body.code, originOf(request))
      context.cookies.setAccess(reply, await renewAccess(context, actor))
      return ok({ recoveryCodes })
    },
  )

  app.post(
    '/auth/two-factor/otp/enable',
    {
      config: setup,
      schema: {
        tags: ['auth'],
        summary: 'Begin to turn the code by mail on: mails one',
        description:
          'A session older than 15 minutes confirms with the password, or without one the code of /auth/confirmation-code.',
        body: confirmationBody.nullish(),
        response: { 202: messageReply, 409: errorReply },
      },
    },
    async (request, reply) => {
      await twoFactor.enableOtp(context, request.actor, request.body ?? {}, originOf(request))
      return reply.status(202).send(mailed)
    },
  )

  app.post(
    '/auth/two-factor/otp/confirm',
    {
      config: setup,
      schema: {
        tags: ['auth'],
        summary: 'Turn the code by mail on by the one that was mailed',
        body: digitCodeBody,
        response: { 200: messageReply, 409: errorReply },
      },
    },
    async (request, reply) => {
      await twoFactor.confirmOtp(context, request.actor, request.body.code, originOf(request))
      context.cookies.setAccess(reply, await renewAccess(context, request.actor))
      return said('From now on a sign-in asks for a code that we mail you.')
    },
  )
}

/** What is changed of a factor that is on, and the mailed code that stands in for a password. */
const ownerRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/auth/two-factor/recovery-codes',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['auth'],
        summary: 'Make new recovery codes',
        description:
          'Those before are worth nothing. An account without a password sends a mailed `code` instead of it.',
        body: confirmationBody,
        response: { 200: recoveryCodesReply, 409: errorReply },
      },
    },
    async (request) => {
      const { actor, body } = request
      return ok({ recoveryCodes: await twoFactor.renewRecoveryCodes(context, actor, body, originOf(request)) })
    },
  )

  app.post(
    '/auth/two-factor/disable',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['auth'],
        summary: 'Turn the second factor off',
        description:
          'Takes the password and a code: of the app, a recovery code, or for the factor by mail the one that ' +
          '/auth/confirmation-code mails. An account with an app but no password sends `confirmationCode` instead of it.',
        body: ownerBody,
        response: { 200: messageReply, 403: errorReply, 409: errorReply },
      },
    },
    async (request) => {
      await twoFactor.disable(context, request.actor, request.body, originOf(request))
      return said('The second factor is off.')
    },
  )

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
      return reply.status(202).send(mailed)
    },
  )
}

export const twoFactorRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(signInRoutes, { context })
  await app.register(setupRoutes, { context })
  await app.register(ownerRoutes, { context })
}
