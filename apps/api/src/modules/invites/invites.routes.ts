import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { idempotencyHeaders, idempotencyOf } from '../../http/idempotency.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { userReply } from '../accounts/accounts.schema.ts'
import { renewAccess } from '../sessions/renew-access.ts'
import { requireActor } from '../sessions/session.plugin.ts'
import * as accept from './accept.service.ts'
import {
  acceptBody,
  accountIn,
  invitationReply,
  inviteNote,
  inviteParams,
  inviteReply,
  invitesQuery,
  invitesReply,
  newInvite,
  tokenParams,
} from './invites.schema.ts'
import * as invites from './invites.service.ts'

const tags = ['invites']

/** Sends, lists, resends and revokes invitations; shows and accepts them by their link. */
export const invitesRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  await app.register(sendingRoutes, { context })
  await app.register(acceptingRoutes, { context })
}

const sendingRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.post(
    '/invites',
    {
      config: { access: rolesWith('invite.create'), limit: 'invites' },
      schema: {
        operationId: 'createInvite',
        tags,
        summary: 'Invite somebody by a mail with a link',
        description:
          'An address has one open invitation at a time, from all inviters together: resend or revoke that one.',
        headers: idempotencyHeaders,
        body: newInvite,
        response: {
          201: answer(inviteReply, 'The invitation; its mail is on its way.'),
          ...errors('ROLE_NOT_ALLOWED', 'INVITE_OPEN', 'ALREADY_EXISTS', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'),
        },
      },
    },
    async (request, reply) => {
      const options = { idempotency: idempotencyOf(request, 'invites'), origin: originOf(request) }
      const invite = await invites.createInvite(context, request.actor, request.body, options)
      return reply.status(201).send(ok({ invite }))
    },
  )

  app.get(
    '/invites',
    {
      config: { access: rolesWith('invite.read'), readsReplica: true },
      schema: {
        operationId: 'listInvites',
        tags,
        summary: 'List the own invitations; administrators see all',
        description: 'The newest first. `total` is exact up to 10,000, then 10,001 means more.',
        querystring: invitesQuery,
        response: { 200: answer(invitesReply, 'A page of invitations.') },
      },
    },
    async (request) => {
      const deps = { ...context, reads: context.readsFor(request) }
      const { invites: found, pagination } = await invites.listInvites(deps, request.actor, request.query)
      return { ...ok({ invites: found }), pagination }
    },
  )

  app.post(
    '/invites/:id/resend',
    {
      config: { access: rolesWith('invite.change'), limit: 'invites', target: { type: 'invite', param: 'id' } },
      schema: {
        operationId: 'resendInvite',
        tags,
        summary: 'Resend an invitation, with a new link and a whole term',
        description: 'Previous links no longer work. An expired invitation becomes pending again.',
        params: inviteParams,
        body: inviteNote,
        response: {
          200: answer(inviteReply, 'The invitation, with a new term.'),
          ...errors('ROLE_NOT_ALLOWED', 'NOT_FOUND', 'INVITE_OPEN', 'ALREADY_EXISTS', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      const options = { origin: originOf(request), ...request.body }
      return ok({ invite: await invites.resendInvite(context, request.actor, request.params.id, options) })
    },
  )

  app.delete(
    '/invites/:id',
    {
      config: { access: rolesWith('invite.change'), target: { type: 'invite', param: 'id' } },
      schema: {
        operationId: 'revokeInvite',
        tags,
        summary: 'Revoke an invitation that nobody has accepted',
        params: inviteParams,
        body: inviteNote,
        response: {
          200: answer(inviteReply, 'The revoked invitation.'),
          ...errors('ROLE_NOT_ALLOWED', 'NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      const options = { origin: originOf(request), ...request.body }
      return ok({ invite: await invites.revokeInvite(context, request.actor, request.params.id, options) })
    },
  )
}

const acceptingRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/invites/details/:token',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getInvitation',
        tags,
        summary: 'Show an invitation, for the page of its link',
        description: 'It does not use the invitation, so programs that open the links of mails do no harm.',
        params: tokenParams,
        response: { 200: answer(invitationReply, 'The invitation.'), ...errors('INVITE_INVALID') },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return ok({ invite: await accept.showInvitation(context, request.params.token) })
    },
  )

  app.post(
    '/invites/accept',
    {
      config: { access: 'public', authenticatesOptionally: true },
      schema: {
        operationId: 'acceptInvite',
        tags,
        summary: 'Accept an invitation: creates an account and signs in, or uses the account that is signed in',
        description:
          'With `name`, `username` and `password` (and `timezone`) it creates an account: 201. With the `token` alone it gives the account that is signed in, whose e-mail must be the invited one, the role and organization of the invitation: 200. To accept with Google, go to `/auth/google?inviteToken=…`.',
        body: acceptBody,
        response: {
          200: answer(userReply, 'The account that is signed in has accepted.', 'Set-Cookie'),
          201: answer(userReply, 'The account is created, and its user is signed in.', 'Set-Cookie'),
          ...errors(
            'INVITE_INVALID',
            'UNAUTHENTICATED',
            'SESSION_REVOKED',
            'ROLE_NOT_ALLOWED',
            'TWO_FACTOR_REQUIRED',
            'ACCOUNT_INACTIVE',
            'USERNAME_TAKEN',
            'ALREADY_EXISTS',
            'LAST_ADMIN',
          ),
        },
      },
    },
    async (request, reply) => {
      const { token } = request.body
      const account = accountIn(request.body)
      if (account) {
        const { user, grant } = await accept.acceptWithPassword(context, token, account, originOf(request))
        context.cookies.set(reply, grant)
        return reply.status(201).send(ok({ user }))
      }
      const actor = requireActor(request)
      const user = await accept.acceptSignedIn(context, actor, token, originOf(request))
      context.cookies.setAccess(reply, await renewAccess(context, actor))
      return ok({ user })
    },
  )
}
