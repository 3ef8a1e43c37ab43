import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import { confirmationBody, confirmationErrors } from '../reauthentication/reauthentication.schema.ts'
import { renewAccess } from '../sessions/renew-access.ts'
import {
  digitCodeBody,
  factorConfirmationBody,
  recoveryCodesReply,
  setupBody,
  totpSetupReply,
  twoFactorStateReply,
} from './two-factor.schema.ts'
import * as twoFactor from './two-factor.service.ts'

const mailed = okMessage('We have sent you a mail with a code.')

const setup = { access: 'signed-in', isOpenWithoutFactor: true } as const

/** The set-up of a factor: the only actions open to a user who lacks the factor that their organization requires. */
const setupRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/auth/two-factor/totp/setup',
    {
      config: setup,
      schema: {
        operationId: 'setUpAuthenticatorApp',
        tags: ['auth'],
        summary: 'Begin to set up an authenticator app',
        description:
          'The app takes effect when its first code is confirmed. A session older than 15 minutes requires the password ' +
          '(without one: `confirmationCode`, see /auth/confirmation-code). To replace an app that is in use, send that in any ' +
          'case, and as `code` one of the app or a recovery code.',
        body: setupBody.nullish(),
        response: {
          200: answer(totpSetupReply, 'The secret of the app.'),
          ...errors(...confirmationErrors, 'CONFLICT'),
        },
      },
    },
    async (request) => ok(await twoFactor.setUpTotp(context, request.actor, request.body ?? {}, originOf(request))),
  )

  app.post(
    '/auth/two-factor/totp/confirm',
    {
      config: setup,
      schema: {
        operationId: 'confirmAuthenticatorApp',
        tags: ['auth'],
        summary: 'Turn on the authenticator app by its first code',
        description: 'Returns ten recovery codes. Each works once, and they are never shown again.',
        body: digitCodeBody,
        response: {
          200: answer(recoveryCodesReply, 'The app is on.', 'Set-Cookie'),
          ...errors('OTP_INVALID', 'CONFLICT', 'ACCOUNT_LOCKED'),
        },
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
        operationId: 'enableMailedCodes',
        tags: ['auth'],
        summary: 'Begin to turn on the mailed code: mails one',
        description:
          'A session older than 15 minutes requires the password, or without one the code of /auth/confirmation-code.',
        body: confirmationBody.nullish(),
        response: {
          202: answer(messageReplyOf('We have sent you a mail with a code.'), 'The code is on its way.'),
          ...errors(...confirmationErrors, 'CONFLICT', 'COOLDOWN'),
        },
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
        operationId: 'confirmMailedCodes',
        tags: ['auth'],
        summary: 'Turn on the mailed code by the first one',
        description: 'From then on every sign-in asks for a mailed code.',
        body: digitCodeBody,
        response: {
          200: answer(
            messageReplyOf('From now on a sign-in asks for a code that we mail you.'),
            'The mailed code is on.',
            'Set-Cookie',
          ),
          ...errors('OTP_INVALID', 'CONFLICT', 'ACCOUNT_LOCKED'),
        },
      },
    },
    async (request, reply) => {
      await twoFactor.confirmOtp(context, request.actor, request.body.code, originOf(request))
      context.cookies.setAccess(reply, await renewAccess(context, request.actor))
      return okMessage('From now on a sign-in asks for a code that we mail you.')
    },
  )
}

/** A factor that is on, and its changes. */
const changeRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/auth/two-factor',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getTwoFactor',
        tags: ['auth'],
        summary: 'Read the own second factor, the required one, and how many recovery codes are left',
        response: { 200: answer(twoFactorStateReply, 'The second factor.') },
      },
    },
    async (request) => ok({ twoFactor: await twoFactor.getState(context, request.actor) }),
  )

  app.post(
    '/auth/two-factor/recovery-codes',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'renewRecoveryCodes',
        tags: ['auth'],
        summary: 'Create new recovery codes',
        description: 'The previous codes no longer work. An account without a password sends a mailed `code` instead.',
        body: confirmationBody,
        response: { 200: answer(recoveryCodesReply, 'The new codes.'), ...errors(...confirmationErrors, 'CONFLICT') },
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
        operationId: 'disableTwoFactor',
        tags: ['auth'],
        summary: 'Turn the second factor off',
        description:
          'Takes the password and a code: of the app, a recovery code, or for the factor by mail the one that ' +
          '/auth/confirmation-code mails. An account with an app but no password sends `confirmationCode` instead of it.',
        body: factorConfirmationBody,
        response: {
          200: answer(messageReplyOf('The second factor is off.'), 'The second factor is off.'),
          ...errors(...confirmationErrors, 'FORBIDDEN', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      await twoFactor.disable(context, request.actor, request.body, originOf(request))
      return okMessage('The second factor is off.')
    },
  )
}

/** Sets up, changes and turns off the second factor. */
export const twoFactorRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(setupRoutes, { context })
  await app.register(changeRoutes, { context })
}
