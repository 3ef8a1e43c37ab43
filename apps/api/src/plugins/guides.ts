import fastifyHelmet from '@fastify/helmet'
import { DomainError } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { guideStyleSource, renderGuide } from '../http/guides.ts'
import { pageDefaults } from '../http/security-headers.ts'

const directives = {
  defaultSrc: ["'none'"],
  styleSrc: [guideStyleSource],
  formAction: ["'none'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
}

/** Serves the guides for front-end developers at `/docs/guides/use` and so on, as pages without scripts. */
export const guidesPlugin = fp(async (app: FastifyInstance) => {
  const pages = new Map<string, string>()
  await app.register(async (scope) => {
    await scope.register(fastifyHelmet, {
      ...pageDefaults,
      contentSecurityPolicy: { useDefaults: false, directives },
    })
    scope.get<{ Params: { name: string } }>(
      '/docs/guides/:name',
      { config: { access: 'public', isPage: true }, schema: { hide: true } },
      async ({ params: { name } }, reply) => {
        const html = pages.get(name) ?? renderGuide(name)
        if (html === undefined) throw new DomainError('NOT_FOUND')
        pages.set(name, html)
        return reply.type('text/html; charset=utf-8').send(html)
      },
    )
  })
})
