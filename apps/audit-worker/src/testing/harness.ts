import { type Db, systemClock } from '@muster/db'
import { type AuditEvent, auditRow } from '@muster/jobs/outbox'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import { createLogger } from '@muster/logger'
import { createTestDatabase, createTestRedis } from '@muster/testing'
import { sql } from 'kysely'
import { startAuditWorker } from '../audit-worker.ts'
import { openRedis } from '../chain/optional-redis.ts'
import { readConfig } from '../config.ts'
import type { Deps } from '../deps.ts'

/** As it is when the environment says nothing of it. */
export const { retention } = readConfig({
  DATABASE_URL: 'postgres://nowhere',
  REDIS_URL: 'redis://nowhere',
  AUDIT_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
})

export const keys = { currentId: 'k1', keys: new Map([['k1', Buffer.alloc(32, 7)]]) }

/** A database and a Redis of one's own, with as many audit workers in this process as a test starts. */
export async function createHarness() {
  const database = await createTestDatabase()
  const redis = await createTestRedis()
  const log = createLogger({ name: 'audit-test', level: 'silent' })
  const stops: (() => Promise<void>)[] = []
  const publisher: Publisher = startPublisher({ db: database.db, redisUrl: redis.url, log })
  stops.push(() => publisher.close())
  return {
    database,
    redis,
    db: database.db,
    publisher,
    log,
    start(
      options: Partial<Pick<Deps, 'keys' | 'log' | 'redisUrl' | 'clock' | 'retention'>> & {
        sweepIntervalMs?: number
        headIntervalMs?: number
      } = {},
    ) {
      const { sweepIntervalMs, headIntervalMs, ...changed } = options
      const heads = openRedis(options.redisUrl ?? redis.url, log)
      const own = {
        db: database.db,
        redisUrl: redis.url,
        redis: heads,
        publisher,
        keys,
        retention,
        clock: systemClock,
        log,
      }
      const worker = startAuditWorker(
        { ...own, ...changed },
        { concurrency: 2, ...(sweepIntervalMs && { sweepIntervalMs }), ...(headIntervalMs && { headIntervalMs }) },
      )
      stops.unshift(async () => {
        await worker.close()
        heads.close()
      })
      return worker
    },
    async close() {
      for (const stop of stops) await stop()
      await redis.close()
      await database.drop()
    },
  }
}

export const someEvent = (changes: Partial<AuditEvent> = {}): AuditEvent => ({
  action: 'task.created',
  actorId: null,
  targetType: 'task',
  targetId: 'some-task',
  before: { title: 'old', big: 1.5 },
  after: { title: 'neu ü "quoted" \\ 😀', list: [1, null, true] },
  context: { ip: '192.0.2.7', userAgent: 'curl/8', requestId: 'r-1' },
  ...changes,
})

/** As `transact` writes them. @returns their ids */
export async function insertPending(db: Db, count: number, changes: Partial<AuditEvent> = {}): Promise<string[]> {
  const rows = Array.from({ length: count }, (_, index) =>
    auditRow(someEvent({ targetId: `task-${index}`, ...changes })),
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

/** What a thief with the database's own powers can do: the triggers do not fire. */
export async function tamper(db: Db, statement: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select set_config('session_replication_role', 'replica', true)`.execute(trx)
    await sql.raw(statement).execute(trx)
  })
}
