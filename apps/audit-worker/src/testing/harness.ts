import { once } from 'node:events'
import { type Db, systemClock } from '@muster/db'
import type { JobDefinition } from '@muster/jobs/definitions'
import { type AuditEvent, auditRow } from '@muster/jobs/outbox'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import { openQueue } from '@muster/jobs/queue'
import { createLogger } from '@muster/logger'
import { failFastRedis, parseRedisUrl } from '@muster/redis'
import { createTestDatabase, createTestRedis, eventually, startReadyProcess } from '@muster/testing'
import type { Queue } from 'bullmq'
import { sql } from 'kysely'
import { startAuditWorker } from '../audit-worker.ts'
import { openRedis } from '../chain/optional-redis.ts'
import { readConfig } from '../config.ts'
import type { Deps } from '../deps.ts'

export const mainFile = new URL('../main.ts', import.meta.url)

const keyText = `k1:${Buffer.alloc(32, 7).toString('base64')}`
export const keys = { currentId: 'k1', keys: new Map([['k1', Buffer.alloc(32, 7)]]) }

/** The retention times that apply when the environment sets none. */
export const { retention } = readConfig({
  DATABASE_URL: 'postgres://nowhere',
  REDIS_URL: 'redis://nowhere',
  AUDIT_KEYS: keyText,
})

type StartOptions = Partial<Pick<Deps, 'keys' | 'log' | 'publisher' | 'redisSettings' | 'clock' | 'retention'>> & {
  pollIntervalMs?: number
  headIntervalMs?: number
}

/** Creates a database and a Redis for one test, which starts any number of audit workers with them. */
export async function createHarness() {
  const database = await createTestDatabase()
  const redis = await createTestRedis()
  const log = createLogger({ name: 'audit-test', level: 'silent' })
  const stops: (() => Promise<void>)[] = []
  const publisher: Publisher = startPublisher({ db: database.db, redisSettings: parseRedisUrl(redis.url), log })
  stops.push(() => publisher.close())

  /** Calls `use` with BullMQ's view of the audit queue. */
  const withQueue = async <T>(use: (queue: Queue) => Promise<T>): Promise<T> => {
    const connection = failFastRedis(parseRedisUrl(redis.url))
    await once(connection, 'ready')
    const queue = await openQueue('audit', connection)
    try {
      return await use(queue)
    } finally {
      await queue.close()
      connection.disconnect()
    }
  }

  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, AUDIT_KEYS: keyText, LOG_LEVEL: 'warn' }

  return {
    redis,
    db: database.db,
    publisher,
    env,
    withQueue,
    /** Starts an audit worker in this process. */
    start({ pollIntervalMs, headIntervalMs, ...changed }: StartOptions = {}) {
      const heads = openRedis(changed.redisSettings ?? parseRedisUrl(redis.url), log)
      const own = {
        db: database.db,
        redisSettings: parseRedisUrl(redis.url),
        redis: heads,
        publisher,
        keys,
        retention,
        clock: systemClock,
        log,
      }
      const worker = startAuditWorker(
        { ...own, ...changed },
        { concurrency: 2, ...(pollIntervalMs && { pollIntervalMs }), ...(headIntervalMs && { headIntervalMs }) },
      )
      stops.unshift(async () => {
        await worker.close()
        heads.close()
      })
      return worker
    },
    /** Starts an audit worker as a process of its own and waits until it is ready. */
    startProcess: () => startReadyProcess(mainFile, env),
    /** Adds a job to the queue, as the daily schedule does, and waits until it has ended in this state. */
    runJob: ({ name }: Pick<JobDefinition, 'name'>, state: 'completed' | 'failed' = 'completed') =>
      withQueue(async (queue) => {
        const job = await queue.add(name, {})
        await eventually(async () => expectState(await job.getState(), state), { timeoutMs: 30_000 })
      }),
    async close() {
      for (const stop of stops) await stop()
      await redis.close()
      await database.drop()
    },
  }
}

export type Harness = Awaited<ReturnType<typeof createHarness>>

function expectState(actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`the job is ${actual}, not ${expected}`)
}

export const buildEvent = (changes: Partial<AuditEvent> = {}): AuditEvent => ({
  action: 'task.created',
  actorId: null,
  targetType: 'task',
  targetId: 'some-task',
  before: { title: 'old', big: 1.5 },
  after: { title: 'neu ü "quoted" \\ 😀', list: [1, null, true] },
  context: { ip: '192.0.2.7', userAgent: 'curl/8', requestId: 'r-1' },
  ...changes,
})

/** Inserts pending events as `transact` does. @returns their ids */
export async function insertPending(db: Db, count: number, changes: Partial<AuditEvent> = {}): Promise<string[]> {
  const rows = Array.from({ length: count }, (_, index) =>
    auditRow(buildEvent({ targetId: `task-${index}`, ...changes })),
  )
  for (let from = 0; from < rows.length; from += 1_000) {
    await db
      .insertInto('audit_pending')
      .values(rows.slice(from, from + 1_000))
      .execute()
  }
  return rows.map(({ id }) => id)
}

export async function countRows(db: Db) {
  const { rows } = await sql<{ pending: number; chained: number; personal: number; distinct: number; maxSeq: number }>`
    select (select count(*) from audit_pending) as pending, count(*) as chained, count(distinct id) as distinct,
      coalesce(max(seq), 0) as "maxSeq", (select count(*) from audit_personal) as personal
    from audit_events`.execute(db)
  return rows[0]
}

/** Runs a statement with all triggers off, as an attacker with the rights of the database's owner can. */
export async function tamper(db: Db, statement: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select set_config('session_replication_role', 'replica', true)`.execute(trx)
    await sql.raw(statement).execute(trx)
  })
}
