import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { clearSiteData } from '../../http/clear-site-data.ts'
import { id, noBody } from '../../http/fields.ts'
import { answer, errors, messageReplyOf, ok, okMessage } from '../../http/reply.ts'
import { userReply } from '../accounts/accounts.schema.ts'
import { getProfile } from '../accounts/own-profile.service.ts'
import { refreshSession } from './refresh-session.ts'
import { requireActor } from './session.plugin.ts'
import { meansSignedOut, readSessionState, signedOut } from './session-state.ts'
import { sessionStateReply, sessionsReply } from './sessions.schema.ts'
import * as sessions from './sessions.service.ts'

/** Renews, lists and ends sessions. */
export const sessionsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const { cookies } = context

  app.post(
    '/auth/refresh',
    {
      config: { access: 'public', limit: 'refreshRequests' },
      schema: {
        operationId: 'refreshSession',
        tags: ['auth'],
        summary: 'Renew the cookies of the session',
        description: 'Rarely needed: every route renews an expired access token by itself.',
        body: noBody,
        response: {
          200: answer(userReply, 'The session is renewed.', 'Set-Cookie'),
          ...errors('UNAUTHENTICATED', 'SESSION_REVOKED'),
        },
      },
    },
    async (request, reply) => {
      const grant = await refreshSession(context, cookies.readRefreshToken(request) ?? '', originOf(request))
      cookies.set(reply, grant)
      const { user } = await getProfile(context, grant.actor.userId)
      return ok({ user })
    },
  )

  app.get(
    '/auth/session',
    {
      config: { access: 'public', authenticatesOptionally: true, isOpenWithoutFactor: true, limit: 'pageStart' },
      schema: {
        operationId: 'getSession',
        tags: ['auth'],
        summary: 'Tell who is signed in',
        description:
          'For the start of a page: answers 200 to everybody, with `user: null` to visitors. Renews the session like every other route, and clears the cookies of one that has ended.',
        response: { 200: sessionStateReply },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      try {
        return ok(await readSessionState(context, requireActor(request)))
      } catch (error) {
        if (!meansSignedOut(error)) throw error
        // HEAD has no effects.
        if (request.method !== 'HEAD' && cookies.areReceived(request)) cookies.clear(reply)
        return ok(signedOut(context.config))
      }
    },
  )

  app.post(
    '/auth/logout',
    {
      config: { access: 'signed-in', isOpenWithoutFactor: true },
      schema: {
        operationId: 'logout',
        tags: ['auth'],
        summary: 'End this session',
        body: noBody,
        response: {
          200: answer(messageReplyOf('You are signed out.'), 'Signed out; clears the cookies.', 'Set-Cookie'),
        },
      },
    },
    async (request, reply) => {
      await sessions.logout(context, request.actor, originOf(request))
      cookies.clear(reply)
      return okMessage('You are signed out.')
    },
  )

  app.post(
    '/auth/logout-all',
    {
      config: { access: 'signed-in', isOpenWithoutFactor: true },
      schema: {
        operationId: 'logoutAll',
        tags: ['auth'],
        summary: 'End all sessions, this one too',
        body: noBody,
        response: {
          200: answer(
            messageReplyOf('You are signed out everywhere.'),
            'All sessions have ended; clears the cookies.',
            'Set-Cookie',
          ),
        },
      },
    },
    async (request, reply) => {
      await sessions.logoutAll(context, request.actor, originOf(request))
      cookies.clear(reply)
      clearSiteData(reply)
      return okMessage('You are signed out everywhere.')
    },
  )

  app.get(
    '/auth/sessions',
    {
      config: { access: 'signed-in', isOpenWithoutFactor: true },
      schema: {
        operationId: 'listSessions',
        tags: ['auth'],
        summary: 'List the open sessions',
        response: { 200: answer(sessionsReply, 'The open sessions.') },
      },
    },
    async (request) => ok({ sessions: await sessions.listSessions(context, request.actor) }),
  )

  app.delete(
    '/auth/sessions/:id',
    {
      config: { access: 'signed-in', target: { type: 'session', param: 'id' } },
      schema: {
        operationId: 'endSession',
        tags: ['auth'],
        summary: 'End one session',
        params: z.strictObject({ id: id.describe('The id of the session.') }),
        response: {
          200: answer(messageReplyOf('The session has ended.'), 'The session has ended.'),
          ...errors('NOT_FOUND'),
        },
      },
    },
    async (request, reply) => {
      const { actor, params } = request
      await sessions.revokeSession(context, actor, params.id, originOf(request))
      if (params.id === actor.sessionId) cookies.clear(reply)
      return okMessage('The session has ended.')
    },
  )
}
