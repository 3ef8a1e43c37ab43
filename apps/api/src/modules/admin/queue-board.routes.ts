import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { FastifyAdapter } from '@bull-board/fastify'
import fastifyHelmet from '@fastify/helmet'
import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answerError } from '../../http/errors/error-answer.ts'
import { pageDefaults } from '../../http/security-headers.ts'
import { askRedis } from './ask-redis.ts'

const path = '/admin/queues/board'

/** The page is a script application that loads everything from this server. */
const pageDirectives = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  formAction: ["'none'"],
  baseUri: ["'self'"],
  frameAncestors: ["'none'"],
}

/** Hides elements that would query Redis on each refresh, and links to other sites. */
const quietPage = { boardTitle: 'Muster', hideDocsLink: true, showWorkers: false }

/**
 * Serves Bull Board for reading only. Its changes would bypass the audit log and the outbox, which is the source of truth, so
 * only its GET routes are registered.
 */
export const queueBoardRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const adapter = new FastifyAdapter()
  const setApiRoutes = adapter.setApiRoutes.bind(adapter)
  adapter.setApiRoutes = (routes) => setApiRoutes(routes.filter(({ method }) => method === 'get'))
  adapter.setBasePath(`${app.prefix}${path}`)
  const board = createBullBoard({ queues: [], serverAdapter: adapter, options: { uiConfig: quietPage } })

  let isFilled = false
  const fill = async () => {
    if (isFilled) return
    const queues = await askRedis(() => context.queueMonitor.queues())
    board.setQueues([...queues.values()].map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })))
    isFilled = true
  }

  await app.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: rolesWith('queue.read'), isPage: true }
      route.schema = { ...route.schema, hide: true }
      // Otherwise Bull Board answers a missing session as an internal error.
      route.errorHandler = answerError
    })
    page.addHook('preHandler', fill)
    const contentSecurityPolicy = { useDefaults: false, directives: pageDirectives }
    await page.register(fastifyHelmet, { ...pageDefaults, contentSecurityPolicy })
    await page.register(adapter.registerPlugin(), { prefix: path })
  })
}
