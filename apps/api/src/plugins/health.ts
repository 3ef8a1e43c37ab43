import { outboxBehindMs } from '@muster/jobs/outbox'
import { reasonOf } from '@muster/telemetry'
import { version } from '@muster/telemetry/version'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { answer } from '../http/reply.ts'

const reason = z
  .string()
  .optional()
  .meta({
    description: 'Why it is down, as a code, e.g. `WRONGPASS`, `53300`, `ECONNREFUSED`.',
    examples: ['ECONNREFUSED'],
  })
const check = z
  .object({
    status: z.enum(['up', 'down', 'behind']).describe('Whether it responds; `behind` when jobs stay pending.'),
    latencyMs: z.number().describe('How long it took to respond, in ms.'),
    reason,
  })
  .meta({ id: 'HealthCheck', description: 'The state of a dependency.' })
const replicaCheck = check
  .extend({ behindMs: z.int().describe('How old the data of the replica is at most, in ms.') })
  .meta({
    id: 'ReplicaCheck',
    description:
      'The state of the read replica; there only with one. While it is down, lists come from the primary: it does not answer (`UNAVAILABLE`), is more than a second behind (`BEHIND`), is no standby any more (`WRITABLE`), or one of another cluster (`FOREIGN`).',
  })
const clockCheck = z
  .object({
    status: z.enum(['up', 'off', 'unknown']).describe('`unknown` until the first measurement.'),
    offsetMs: z.int().describe('How far the system clock is ahead of the clock of Postgres.'),
  })
  .meta({ id: 'ClockCheck', description: 'The state of the system clock.' })
const outboxCheck = check
  .extend({
    pending: z.int().describe('The number of jobs that are not published.'),
    oldestMs: z.number().describe('The age of the oldest of them, in ms.'),
  })
  .meta({ id: 'OutboxCheck', description: 'The state of the outbox.' })
export const healthReply = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']).describe('The state of the whole.'),
    uptime: z.number().describe('Seconds since the process started.'),
    isHeld: z
      .boolean()
      .describe(
        'Whether this is a restored copy that is held: it sends no mails and reminders, and deletes nothing, until the operator releases it. It is `degraded` then.',
      ),
    version: z.string().meta({ description: 'The release.', examples: [version] }),
    checks: z
      .object({
        postgres: check,
        redis: check,
        files: check,
        outbox: outboxCheck,
        clock: clockCheck,
        replica: replicaCheck.optional(),
      })
      .describe('The state of each dependency.'),
  })
  .meta({ id: 'Health', description: 'The state of the API and of its dependencies.' })
type Health = z.infer<typeof healthReply>

const probeTimeoutMs = 1_000

/** Serves `GET /health`: unhealthy without Postgres; degraded without Redis, the files or the replica, with jobs that stay pending, or with a wrong clock. */
export const healthPlugin = fp(async (app: FastifyInstance, { deps }: { deps: Pick<Deps, 'health'> }) => {
  const routes: FastifyPluginAsyncZod = async (scope) => {
    scope.get(
      '/health',
      {
        config: { access: 'public' },
        schema: {
          operationId: 'getHealth',
          tags: ['operation'],
          summary: 'Tell the state of each dependency, and why one is down',
          response: {
            200: answer(healthReply, 'Healthy or degraded.'),
            503: { description: 'Unhealthy.', content: { 'application/json': { schema: healthReply } } },
          },
        },
      },
      async (_request, reply) => {
        const health = await readHealth(deps.health)
        return reply.status(health.status === 'unhealthy' ? 503 : 200).send(health)
      },
    )
  }
  await app.register(routes)
})

/** Reads the state of all dependencies; takes at most a second, even when some do not respond. */
export async function readHealth({
  postgres,
  redis,
  files,
  replica,
  isHeld,
  readOutbox,
  clock,
}: Deps['health']): Promise<Health> {
  const [postgresState, redisState, filesState, replicaState, outbox] = await Promise.all([
    postgres.check(),
    redis.check(),
    files.check(),
    replica?.check(),
    probe(readOutbox),
  ])
  const { pending, oldestMs } = outbox.value ?? { pending: 0, oldestMs: 0 }
  const isBehind = oldestMs > outboxBehindMs
  const clockState = clock.state()
  const isDegraded =
    [redisState, filesState, replicaState, outbox].some((state) => state?.status === 'down') ||
    isBehind ||
    isHeld() ||
    clockState.status === 'off'
  return {
    status: postgresState.status === 'down' ? 'unhealthy' : isDegraded ? 'degraded' : 'healthy',
    uptime: Math.round(process.uptime()),
    isHeld: isHeld(),
    version: version,
    checks: {
      postgres: postgresState,
      redis: redisState,
      files: filesState,
      outbox: {
        status: outbox.status === 'up' && isBehind ? 'behind' : outbox.status,
        latencyMs: outbox.latencyMs,
        ...(outbox.reason && { reason: outbox.reason }),
        pending,
        oldestMs,
      },
      clock: clockState,
      ...(replica && replicaState && { replica: { ...replicaState, behindMs: Math.round(replica.behindMs()) } }),
    },
  }
}

type Probe<T> = { status: 'up' | 'down'; latencyMs: number; reason?: string; value?: T }

/** Runs a reading with a timeout. Never rejects. */
async function probe<T>(read: () => Promise<T>): Promise<Probe<T>> {
  const startMs = performance.now()
  const latencyMs = () => Math.round(performance.now() - startMs)
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer: timeout')), probeTimeoutMs)
  })
  try {
    const value = await Promise.race([read(), timeout])
    return { status: 'up', latencyMs: latencyMs(), value }
  } catch (error) {
    return { status: 'down', latencyMs: latencyMs(), reason: reasonOf(error) }
  } finally {
    clearTimeout(timer)
  }
}
