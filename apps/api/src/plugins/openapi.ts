import { randomBytes } from 'node:crypto'
import fastifyHelmet from '@fastify/helmet'
import fastifySwagger, { type SwaggerTransformObject } from '@fastify/swagger'
import { version } from '@muster/telemetry/version'
import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance, FastifyReply, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { errorReply } from '../http/reply.ts'
import { pageDefaults } from '../http/security-headers.ts'

/** Serves the OpenAPI 3.1 document at `/openapi.json` and the reference page at `/docs`, both generated from the routes' schemas. */
export const openapiPlugin = fp(async (app: FastifyInstance, { publicUrl }: { publicUrl: URL }) => {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Muster', version, description: 'A self-hosted backend for a team’s product.' },
      servers: [{ url: publicUrl.origin }],
      components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'muster_at' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: withoutUnusedSchemas,
  })
  app.addHook('onRoute', addCommonResponses)
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger())
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
    await docs.register(scalar, {
      routePrefix: '/docs',
      configuration: { url: '/openapi.json', nonce: noncePlaceholder, ...quietPage },
    })
  })
})

/** Options that keep the page from calling any other server. */
const quietPage = {
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
} as const

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
    `style-src 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Documents the responses that a route has by its kind, and whether it needs a session, so that routes declare only their own responses. */
function addCommonResponses(route: RouteOptions): void {
  const { schema, config } = route
  if (!schema?.response || schema.hide) return
  const takesInput = Boolean(schema.body || schema.querystring || schema.params)
  const isUnsafe = [route.method].flat().some((method) => !safeMethods.has(method))
  const isSignedIn = config?.access !== undefined && config.access !== 'public'
  const mayForbid = isUnsafe || Array.isArray(config?.access) || (isSignedIn && !config.isOpenWithoutFactor)
  route.schema = {
    ...schema,
    ...(isSignedIn && { security: [{ session: [] }] }),
    response: {
      ...(takesInput && { 400: errorReply }),
      ...(isSignedIn && { 401: errorReply }),
      // An unsafe request from a foreign page, another role, a required second factor that is missing.
      ...(mayForbid && { 403: errorReply }),
      ...(schema.body !== undefined && { 413: errorReply, 415: errorReply }),
      429: errorReply,
      500: errorReply,
      503: errorReply,
      ...(schema.response as object),
    },
  }
}

/** Removes schemas without a reference: the generator writes each schema with an id for input and for output. */
const withoutUnusedSchemas: SwaggerTransformObject = (given) => {
  const document = jsonSchemaTransformObject(given)
  const schemas = (document as { components?: { schemas?: Record<string, unknown> } }).components?.schemas ?? {}
  // A removed schema may hold the last reference to another one.
  for (let unused = ['']; unused.length > 0; ) {
    const referred = new Set(JSON.stringify(document).match(/"#\/components\/schemas\/[^"]+"/g))
    unused = Object.keys(schemas).filter((name) => !referred.has(`"#/components/schemas/${name}"`))
    for (const name of unused) delete schemas[name]
  }
  return document
}
