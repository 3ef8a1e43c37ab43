import fastifyHelmet from '@fastify/helmet'
import fastifySwagger, { type SwaggerTransformObject } from '@fastify/swagger'
import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { version } from '../version.ts'
import { errorReply } from './reply.ts'

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
    await docs.register(fastifyHelmet, { contentSecurityPolicy: { useDefaults: false, directives: pageDirectives } })
    await docs.register(scalar, {
      routePrefix: '/docs',
      configuration: { url: '/openapi.json', ...quietPage },
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

/** The reference page is a script application of its own; it runs on nothing but what this server sends. */
const pageDirectives = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  fontSrc: ["'self'", 'data:'],
  workerSrc: ["'self'", 'blob:'],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
}

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
