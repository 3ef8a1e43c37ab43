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

/** The OpenAPI 3.1 document at `/openapi.json` and the reference page at `/docs`, both made from the routes' schemas. */
export const openapiPlugin = fp(async (app: FastifyInstance, { publicUrl }: { publicUrl: URL }) => {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Muster', version, description: 'A self-hosted backend for a team’s product.' },
      servers: [{ url: publicUrl.origin }],
      components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'muster_at' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: withoutUnused,
  })
  app.addHook('onRoute', addWhatAllRoutesShare)
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
      configuration: { url: '/openapi.json', nonce: nonceMark, ...quietPage },
    })
  })
})

/** Nothing on the page calls anybody but this server. */
const quietPage = {
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
} as const

/** Stands in the page that Scalar renders once, in place of the nonce that each answer has of its own. */
const nonceMark = 'nonce-of-this-answer'

/** Puts the nonce into the page; the script beside it is served as it is. */
function withNonce(reply: FastifyReply, payload: string, nonce: string): string {
  if (!String(reply.getHeader('content-type')).startsWith('text/html')) return payload
  reply.header('cache-control', 'no-store')
  return payload.replaceAll(nonceMark, nonce)
}

/** As strict as Scalar permits: it runs what carries this answer's nonce, and reads from this server alone. */
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

/** What every route can answer by its kind, so that the routes name only what is theirs; and who may call it. */
function addWhatAllRoutesShare(route: RouteOptions): void {
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

/** Schemas with an id are written once for input and once for output; those that nothing refers to only confuse. */
const withoutUnused: SwaggerTransformObject = (given) => {
  const document = jsonSchemaTransformObject(given)
  const schemas = (document as { components?: { schemas?: Record<string, unknown> } }).components?.schemas ?? {}
  // One that goes may have been the last to refer to another.
  for (let unused = ['']; unused.length > 0; ) {
    const referred = new Set(JSON.stringify(document).match(/"#\/components\/schemas\/[^"]+"/g))
    unused = Object.keys(schemas).filter((name) => !referred.has(`"#/components/schemas/${name}"`))
    for (const name of unused) delete schemas[name]
  }
  return document
}
