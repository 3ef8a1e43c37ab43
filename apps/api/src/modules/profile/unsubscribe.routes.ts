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
import { type OptOutMail, turnMailsOff } from './preferences.service.ts'
import { askPage, donePage, type PageWords, style, wrongLinkPage } from './unsubscribe.pages.ts'

/** Not strict: link trackers add parameters of their own. */
const query = z.object({
  token: linkToken
    .or(z.literal(''))
    .default('')
    .meta({ description: 'The token of the link in a mail.', json: { type: 'string', default: '' } }),
})
const page = { 'text/html': { schema: z.string() } }
const wrongLink = {
  content: { 'application/json': { schema: errorSchema(['TOKEN_INVALID']) }, ...page },
}
/** The mails that have such a link. The token of one does not turn off another. */
const words: Record<OptOutMail, PageWords> = {
  'morning-digest': {
    title: 'Morning digest',
    question: 'Do you want to stop the mails of the morning digest?',
    done: 'The mails of the morning digest are turned off.',
  },
  'unread-messages': {
    title: 'Unread messages',
    question: 'Do you want to stop the mails about unread messages?',
    done: 'The mails about unread messages are turned off.',
  },
}

/** The pages consist of a form and no script. */
const pageDirectives = {
  defaultSrc: ["'none'"],
  styleSrc: [`'sha256-${createHash('sha256').update(style).digest('base64')}'`],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
}

/**
 * Serves the opt-out of mails by RFC 8058: a POST with the token of the link turns the mails of its kind off at once. A
 * GET only shows a page with a button, since mail scanners open links by GET.
 */
export const unsubscribeRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const linkOf = (token: string) => {
    for (const mail of Object.keys(words) as OptOutMail[]) {
      const userId = userIdOfOptOut(context.config.keys.mailCode, templates[mail].optOut, token)
      if (userId !== undefined) return { mail, userId }
    }
    return undefined
  }
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
        summary: 'Show the page that turns off the mails with this link; it changes nothing by itself',
        querystring: query,
        response: { 200: { description: 'A page with a button.', content: page }, 400: wrongLink },
      },
    },
    async (request, reply) => {
      const { token } = request.query
      const link = linkOf(token)
      return link ? sendPage(reply, 200, askPage(words[link.mail], token)) : refuseLink(request, reply)
    },
  )

  app.post(
    '/unsubscribe',
    {
      config: { access: 'public', isPage: true },
      schema: {
        operationId: 'unsubscribe',
        tags: ['users'],
        summary: 'Turn off the mails with this link (RFC 8058)',
        description: 'Needs no session and can be repeated. Browsers get a page.',
        querystring: query,
        response: {
          200: {
            description: 'The mails are turned off.',
            content: { 'application/json': { schema: messageReplyOf(words['morning-digest'].done) }, ...page },
          },
          400: wrongLink,
        },
      },
    },
    async (request, reply) => {
      const link = linkOf(request.query.token)
      if (!link) return refuseLink(request, reply)
      await turnMailsOff(context, link.userId, link.mail, { origin: originOf(request) })
      if (!wantsPage(request)) return okMessage(words[link.mail].done)
      return sendPage(reply, 200, donePage(words[link.mail]))
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
