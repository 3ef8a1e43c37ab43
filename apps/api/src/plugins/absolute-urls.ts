import { absoluteFileUrls } from '@muster/realtime/shapes'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { z } from 'zod'

/** Makes the file URLs in every response absolute, so that they work in a page of another origin. */
export const absoluteUrlsPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onRoute', convertResponses)
})

/** Adds the conversion to a route whose responses have file URLs. */
function convertResponses(route: RouteOptions): void {
  const responses = Object.entries((route.schema?.response ?? {}) as Record<string, unknown>)
  const converts = new Map(
    responses.flatMap(([status, schema]) => {
      const convert = schema instanceof z.ZodType ? absoluteFileUrls(schema) : undefined
      return convert ? [[Number(status), convert] as const] : []
    }),
  )
  if (converts.size === 0) return
  route.preSerialization = [
    route.preSerialization ?? [],
    (request: FastifyRequest, reply: { statusCode: number }, payload: unknown, done: (e: null, p: unknown) => void) => {
      const convert = converts.get(reply.statusCode)
      done(null, convert ? convert(payload, (path) => request.urlOf(path)) : payload)
    },
  ].flat() as RouteOptions['preSerialization']
}
