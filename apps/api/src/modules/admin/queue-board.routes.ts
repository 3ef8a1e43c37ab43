import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { FastifyAdapter } from '@bull-board/fastify'
import fastifyHelmet from '@fastify/helmet'
import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answerError } from '../../http/error-answer.ts'
import { pageDefaults } from '../../http/security-headers.ts'
import { askRedis } from './admin-queues.service.ts'

const path = '/admin/queues/board'

/** The page is a script application of its own; it runs on nothing but what this server sends. */
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

/** Nothing that it would ask Redis each time it looks, nor that leads elsewhere. */
const quietPage = { boardTitle: 'Muster', hideDocsLink: true, showWorkers: false }

/**
 * Bull Board, to look at only: what it would change passes by the audit log and by the outbox, in which the truth lies.
 * So of its routes those that change something are never made.
 */
export const queueBoardRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const adapter = new FastifyAdapter()
  const takeRoutes = adapter.setApiRoutes.bind(adapter)
  adapter.setApiRoutes = (routes) => takeRoutes(routes.filter(({ method }) => method === 'get'))
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
      // Else Bull Board would answer who is not signed in as a fault of its own.
      route.errorHandler = answerError
    })
    page.addHook('preHandler', fill)
    const contentSecurityPolicy = { useDefaults: false, directives: pageDirectives }
    await page.register(fastifyHelmet, { ...pageDefaults, contentSecurityPolicy })
    await page.register(adapter.registerPlugin(), { prefix: path })
  })
}
