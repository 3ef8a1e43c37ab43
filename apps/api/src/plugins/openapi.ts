import fastifySwagger from '@fastify/swagger'
import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { version } from '../version.ts'

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
    transformObject: jsonSchemaTransformObject,
  })
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger())
  await app.register(async (docs) => {
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
    })
    docs.addHook('onSend', async (_request, reply) => {
      // The reference page is a script application of its own; it runs on nothing but what this server sends.
      reply.header(
        'content-security-policy',
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'",
      )
    })
    await docs.register(scalar, {
      routePrefix: '/docs',
      configuration: { url: '/openapi.json', withDefaultFonts: false },
    })
  })
})
