import { randomBytes } from 'node:crypto'
import fastifyHelmet from '@fastify/helmet'
import { version } from '@muster/telemetry/version'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { documentOf } from '../http/openapi/document.ts'
import { documentedRoutes, type Route } from '../http/openapi/route.ts'
import { pageDefaults } from '../http/security-headers.ts'
import { serveReferencePage } from './reference-page.ts'

/** Serves the OpenAPI 3.1 document at `/openapi.json` and the reference page at `/docs`, both generated from the routes' schemas. */
export const openapiPlugin = fp(async (app: FastifyInstance, { publicUrl }: { publicUrl: URL }) => {
  const routes: Route[] = []
  app.addHook('onRoute', (route) => void routes.push(...documentedRoutes(route)))
  let text: string | undefined
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(documentOf(routes, { publicUrl, version }))
    return reply.type('application/json; charset=utf-8').send(text)
  })
  await app.register(async (docs) => {
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public', isPage: true }
      route.schema = { ...route.schema, hide: true }
    })
    await docs.register(fastifyHelmet, { ...pageDefaults, contentSecurityPolicy: false })
    docs.addHook('onSend', async (_request, reply, payload) => {
      const nonce = randomBytes(16).toString('base64')
      reply.header('content-security-policy', docsPolicy(nonce))
      return typeof payload === 'string' ? withNonce(reply, payload, nonce) : payload
    })
    await serveReferencePage(docs, { nonce: noncePlaceholder })
  })
})

/** Placeholder in the page, which Scalar renders once, for the nonce of each response. */
const noncePlaceholder = 'nonce-of-this-response'

/** Puts the nonce into an HTML page; other payloads stay as they are. */
function withNonce(reply: FastifyReply, payload: string, nonce: string): string {
  if (!String(reply.getHeader('content-type')).startsWith('text/html')) return payload
  reply.header('cache-control', 'no-store')
  return payload.replaceAll(noncePlaceholder, nonce)
}

/** Returns the strictest policy that Scalar works with: only elements with the response's nonce run, and only this server is read. */
const docsPolicy = (nonce: string) =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // The editor of request bodies creates style elements and attributes without a nonce. Scripts stay bound to it.
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
