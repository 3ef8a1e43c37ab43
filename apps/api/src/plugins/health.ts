import { readOutboxState } from '@muster/jobs/outbox-state'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { version } from '../version.ts'

const check = z.object({ status: z.enum(['up', 'down', 'behind']), latencyMs: z.number() })
const healthReply = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  uptime: z.number(),
  version: z.string(),
  checks: z.object({ postgres: check, redis: check, outbox: check.extend({ pending: z.int(), oldestMs: z.number() }) }),
})
type Health = z.infer<typeof healthReply>

const probeTimeoutMs = 1_000
/** Owed this long and still not with a worker: something is stuck. */
const outboxBehindMs = 60_000

/** `GET /health`: unhealthy without Postgres, degraded without Redis or with an outbox that is not emptied. */
export const healthPlugin = fp(async (app: FastifyInstance, { deps }: { deps: Deps }) => {
  const routes: FastifyPluginAsyncZod = async (scope) => {
    scope.get(
      '/health',
      {
        config: { access: 'public' },
        schema: {
          tags: ['operation'],
          summary: 'Tell how the parts are',
          response: { 200: healthReply, 503: healthReply },
        },
      },
      async (_request, reply) => {
        const health = await readHealth(deps)
        return reply.status(health.status === 'unhealthy' ? 503 : 200).send(health)
      },
    )
  }
  await app.register(routes)
})

export async function readHealth({ db, redis }: Pick<Deps, 'db' | 'redis'>): Promise<Health> {
  const [postgres, redisCheck, outbox] = await Promise.all([
    probe(() => sql`select 1`.execute(db)),
    probe(() => redis.ping()),
    probe(() => readOutboxState(db)),
  ])
  const { pending, oldestMs } = outbox.value ?? { pending: 0, oldestMs: 0 }
  const isBehind = oldestMs > outboxBehindMs
  const isDegraded = redisCheck.status === 'down' || isBehind
  return {
    status: postgres.status === 'down' ? 'unhealthy' : isDegraded ? 'degraded' : 'healthy',
    uptime: Math.round(process.uptime()),
    version: version,
    checks: {
      postgres: { status: postgres.status, latencyMs: postgres.latencyMs },
      redis: { status: redisCheck.status, latencyMs: redisCheck.latencyMs },
      outbox: {
        status: outbox.status === 'up' && isBehind ? 'behind' : outbox.status,
        latencyMs: outbox.latencyMs,
        pending,
        oldestMs,
      },
    },
  }
}

async function probe<T>(ask: () => Promise<T>): Promise<{ status: 'up' | 'down'; latencyMs: number; value?: T }> {
  const startMs = performance.now()
  const latencyMs = () => Math.round(performance.now() - startMs)
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), probeTimeoutMs)
  })
  try {
    const value = await Promise.race([ask(), timeout])
    return { status: 'up', latencyMs: latencyMs(), value }
  } catch {
    return { status: 'down', latencyMs: latencyMs() }
  } finally {
    clearTimeout(timer)
  }
}
