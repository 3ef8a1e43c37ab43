import { createCache, openOptionalRedis } from '@muster/cache'
import { type Clock, type Database, newId, systemClock } from '@muster/db'
import type { OutboxJob } from '@muster/jobs/definitions'
import { createTransact } from '@muster/jobs/outbox'
import { startPublisher } from '@muster/jobs/publisher'
import { createLogger, type Logger } from '@muster/logger'
import { parseRedisUrl } from '@muster/redis'
import {
  createTestDatabase,
  createTestRedis,
  eventually,
  insertTask,
  insertUser,
  startTestProcess,
} from '@muster/testing'
import { type Insertable, type Selectable, sql } from 'kysely'
import { expect, type TestContext } from 'vitest'
import type { z } from 'zod'
import type { Deps } from '../deps.ts'
import { findDue } from '../due/find-due.ts'
import { startReminderWorker } from '../reminder-worker.ts'

const mainFile = new URL('../main.ts', import.meta.url)

export type User = Selectable<Database['users']>

/** Creates a database with one task of one user and a Redis for one test, which starts any number of reminder workers with them. */
export async function createHarness() {
  const database = await createTestDatabase({ poolMax: 6 })
  const redis = await createTestRedis()
  const { db } = database
  const silent = createLogger({ name: 'reminder-test', level: 'silent' })
  const stops: (() => Promise<void>)[] = []
  const user = await insertUser(db, { name: 'Lee', email: 'lee@example.org', timezone: 'Europe/Vienna' })
  const far = new Date(Date.now() + 30 * 86_400_000)
  const task = await insertTask(db, user, { title: 'Water the plants', due_date: far })

  const reminder = (id: string) => db.selectFrom('reminders').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

  return {
    database,
    redis,
    db,
    user,
    userId: user.id,
    taskId: task.id,
    start(options: { clock?: Clock; tickMs?: number; log?: Logger } = {}) {
      const { clock = systemClock, tickMs = 50, log = silent } = options
      const publisher = startPublisher({ db, redisSettings: parseRedisUrl(redis.url), log })
      const optionalRedis = openOptionalRedis({ redisSettings: parseRedisUrl(redis.url), log })
      const cache = createCache({ redis: optionalRedis, log })
      const deps: Deps = {
        db,
        redisSettings: parseRedisUrl(redis.url),
        publisher,
        transact: createTransact({ db, publisher }),
        redis: optionalRedis,
        cache,
        clock,
        log,
      }
      const worker = startReminderWorker(deps, { concurrency: 10, tickMs })
      const stop = async () => {
        await worker.close()
        await publisher.close()
        await cache.close()
        optionalRedis.close()
      }
      stops.push(stop)
      return { ...deps, stop }
    },
    /** Starts a reminder worker as a process of its own. @param context of the test, if it runs concurrently with others */
    startProcess(redisUrl = redis.url, context?: Pick<TestContext, 'onTestFinished'>) {
      const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl, LOG_LEVEL: 'fatal' }
      return startTestProcess(mainFile, env, context)
    },
    /** Inserts users who can see the task, as client admins of its organization, unless `changes` says otherwise. */
    async insertUsers(count: number, changes: Partial<Insertable<Database['users']>> = {}): Promise<User[]> {
      const users: User[] = []
      // One after another: each further connection costs Postgres more than the statements.
      while (users.length < count)
        users.push(await insertUser(db, { organization_id: user.organization_id, ...changes }))
      return users
    },
    async prefer(userId: string, settings: object) {
      const row = { settings: JSON.stringify(settings), updated_at: new Date() }
      await db
        .insertInto('user_preferences')
        .values({ user_id: userId, ...row })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
        .execute()
    },
    async insertReminder(changes: Partial<Insertable<Database['reminders']>> & { scheduled_at: Date }) {
      const id = newId()
      await db
        .insertInto('reminders')
        .values({ id, task_id: task.id, user_id: user.id, ...changes })
        .execute()
      return id
    },
    reminder,
    /** Waits until the reminder's row matches. */
    untilReminder: (id: string, expected: object) =>
      eventually(async () => expect(await reminder(id)).toMatchObject(expected), { timeoutMs: 60_000 }),
    /** Counts the effects of reminders and their pending jobs. */
    async counts() {
      const { rows } = await sql<
        Record<'deliveries' | 'notifications' | 'mails' | 'mailJobs' | 'audits' | 'pending', number>
      >`
        select (select count(*) from reminder_deliveries) as deliveries,
          (select count(*) from notifications) as notifications,
          (select count(*) from email_messages) as mails,
          (select count(*) from outbox where name = 'send-email') as "mailJobs",
          (select count(*) from audit_pending) as audits,
          (select count(*) from outbox where name = 'fire-reminder' and failed_at is null) as pending`.execute(db)
      return rows[0]
    },
    /** Waits until no work is due and no job is pending. */
    settled: (clock: Clock = systemClock, timeoutMs = 60_000) =>
      eventually(
        async () => {
          const open = await findDue({ db, clock })
          const pending = await db.selectFrom('outbox').select('name').where('queue', '=', 'reminder').execute()
          if (open.length + pending.length > 0)
            throw new Error(`still due: ${open.join(', ')}; pending jobs: ${pending.length}`)
        },
        { timeoutMs, intervalMs: 15 },
      ),
    /** Reads a user's digests from the ledger, by date. */
    async digests(userId: string) {
      const { rows } = await sql<{ date: string; status: string; late: boolean }>`
        select local_date::text as date, status, late from digest_deliveries
        where user_id = ${userId} order by local_date`.execute(db)
      return rows
    },
    /** Runs a job now, and waits until it is done. */
    async run<P extends z.ZodType>({ transact }: Pick<Deps, 'transact'>, job: OutboxJob<P>, payload: z.input<P>) {
      const id = await transact(async ({ enqueue }) => enqueue(job, payload))
      await eventually(async () => {
        const row = await db.selectFrom('outbox').select('failed_at').where('id', '=', id).executeTakeFirst()
        if (row) throw new Error(row.failed_at ? 'the job failed' : 'the job is pending')
      })
    },
    mailsTo: (userId: string) =>
      db.selectFrom('email_messages').selectAll().where('user_id', '=', userId).orderBy('id').execute(),
    notificationsOf: (userId: string) =>
      db.selectFrom('notifications').selectAll().where('user_id', '=', userId).orderBy('id').execute(),
    async close() {
      await Promise.all(stops.map((stop) => stop()))
      await redis.close()
      await database.drop()
    },
  }
}

export type Harness = Awaited<ReturnType<typeof createHarness>>
