import { createHash } from 'node:crypto'
import fastifyHelmet from '@fastify/helmet'
import { DomainError } from '@muster/errors'
import { templates, userIdOfOptOut } from '@muster/mail'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { originOf } from '../../http/actor.ts'
import { linkToken } from '../../http/codes.ts'
import { errorSchema } from '../../http/openapi/errors.ts'
import { messageReplyOf, okMessage } from '../../http/reply.ts'
import { pageDefaults } from '../../http/security-headers.ts'
import { turnDigestOff } from './preferences.service.ts'
import { askPage, donePage, style, wrongLinkPage } from './unsubscribe.pages.ts'

/** Not strict: link trackers add parameters of their own. */
const query = z.object({
  token: linkToken
    .or(z.literal(''))
    .default('')
    .meta({ description: 'The token of the link in a digest.', json: { type: 'string', default: '' } }),
})
const page = { 'text/html': { schema: z.string() } }
const wrongLink = {
  content: { 'application/json': { schema: errorSchema(['TOKEN_INVALID']) }, ...page },
}
const { optOut } = templates['morning-digest']

/** The pages consist of a form and no script. */
const pageDirectives = {
  defaultSrc: ["'none'"],
  styleSrc: [`'sha256-${createHash('sha256').update(style).digest('base64')}'`],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
}

/**
 * Serves the opt-out of the morning digest by RFC 8058: a POST with the token of the link turns the digest off at once. A
 * GET only shows a page with a button, since mail scanners open links by GET.
 */
export const unsubscribeRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const userIdOf = (token: string) => userIdOfOptOut(context.config.keys.mailCode, optOut, token)
  await app.register(fastifyHelmet, {
    ...pageDefaults,
    contentSecurityPolicy: { useDefaults: false, directives: pageDirectives },
    // With `no-referrer` a browser would send the form with `Origin: null`, which is refused as a foreign origin.
    referrerPolicy: { policy: 'same-origin' },
  })
  // The body that mail clients send (`List-Unsubscribe=One-Click`) adds nothing to the token, so it is not parsed.
  const forms = ['application/x-www-form-urlencoded', 'multipart/form-data']
  app.addContentTypeParser(forms, { parseAs: 'buffer' }, (_request, _body, done) => done(null))

  app.get(
    '/unsubscribe',
    {
      config: { access: 'public', isPage: true },
      schema: {
        operationId: 'showUnsubscribePage',
        tags: ['users'],
        summary: 'Show the page that turns off the morning digest; it changes nothing by itself',
        querystring: query,
        response: { 200: { description: 'A page with a button.', content: page }, 400: wrongLink },
      },
    },
    async (request, reply) => {
      const { token } = request.query
      return userIdOf(token) === undefined ? refuseLink(request, reply) : sendPage(reply, 200, askPage(token))
    },
  )

  app.post(
    '/unsubscribe',
    {
      config: { access: 'public', isPage: true },
      schema: {
        operationId: 'unsubscribe',
        tags: ['users'],
        summary: 'Turn the morning digest off with the link of a digest (RFC 8058)',
        description: 'Needs no session and can be repeated. Browsers get a page.',
        querystring: query,
        response: {
          200: {
            description: 'The morning digest is off.',
            content: { 'application/json': { schema: messageReplyOf('The morning digest is turned off.') }, ...page },
          },
          400: wrongLink,
        },
      },
    },
    async (request, reply) => {
      const userId = userIdOf(request.query.token)
      if (userId === undefined) return refuseLink(request, reply)
      await turnDigestOff(context, userId, { origin: originOf(request) })
      if (!wantsPage(request)) return okMessage('The morning digest is turned off.')
      return sendPage(reply, 200, donePage)
    },
  )
}

/** Answers a token that is not valid: browsers get a page. @throws DomainError TOKEN_INVALID for other clients */
function refuseLink(request: FastifyRequest, reply: FastifyReply) {
  if (!wantsPage(request)) throw new DomainError('TOKEN_INVALID')
  return sendPage(reply, 400, wrongLinkPage)
}

const wantsPage = ({ headers }: FastifyRequest) => headers.accept?.includes('text/html') ?? false

const sendPage = (reply: FastifyReply, status: number, html: string) =>
  reply.status(status).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(html)
