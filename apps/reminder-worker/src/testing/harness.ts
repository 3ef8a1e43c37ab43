import { spawn } from 'node:child_process'
import { openCache } from '@muster/cache'
import { type Clock, type Database, newId, systemClock } from '@muster/db'
import { createTransact } from '@muster/jobs/outbox'
import { startPublisher } from '@muster/jobs/publisher'
import { createLogger, type Logger } from '@muster/logger'
import { createTestDatabase, createTestRedis, endWithTest, eventually, insertTask, insertUser } from '@muster/testing'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { findDue } from '../due/find-due.ts'
import { startReminderWorker } from '../reminder-worker.ts'

export type Person = Selectable<Database['users']>

/** A database and a Redis of one's own, with one task of one person, and as many reminder workers as a test starts. */
export async function createHarness() {
  const database = await createTestDatabase({ poolMax: 20 })
  const redis = await createTestRedis()
  const { db } = database
  const silent = createLogger({ name: 'reminder-test', level: 'silent' })
  const stops: (() => Promise<void>)[] = []
  const person = await insertUser(db, { name: 'Lee', email: 'lee@example.org', timezone: 'Europe/Vienna' })
  const far = new Date(Date.now() + 30 * 86_400_000)
  const task = await insertTask(db, person, { title: 'Water the plants', due_date: far })

  return {
    database,
    redis,
    db,
    userId: person.id,
    taskId: task.id,
    start(options: { clock?: Clock; tickMs?: number; log?: Logger } = {}) {
      const { clock = systemClock, tickMs = 50, log = silent } = options
      const publisher = startPublisher({ db, redisUrl: redis.url, log })
      const cache = openCache({ redisUrl: redis.url, log })
      const deps: Deps = {
        db,
        redisUrl: redis.url,
        publisher,
        transact: createTransact({ db, publisher }),
        cache,
        clock,
        log,
      }
      const worker = startReminderWorker(deps, { concurrency: 10, tickMs })
      const stop = async () => {
        await worker.close()
        await publisher.close()
        await cache.close()
      }
      stops.push(stop)
      return { ...deps, stop }
    },
    /** A worker as `npm start` has it, to be killed. */
    startProcess(redisUrl = redis.url) {
      const child = spawn(process.execPath, [new URL('../main.ts', import.meta.url).pathname], {
        env: {
          ...process.env,
          NODE_ENV: 'test',
          DATABASE_URL: database.url,
          REDIS_URL: redisUrl,
          OPS_PORT: '0',
          LOG_LEVEL: 'fatal',
        },
        stdio: 'inherit',
      })
      return endWithTest(child)
    },
    /** Unless told otherwise they see the task too: client_admins of its organization. */
    insertPeople: (count: number, changes: Partial<Insertable<Database['users']>> = {}): Promise<Person[]> =>
      Promise.all(
        Array.from({ length: count }, () => insertUser(db, { organization_id: person.organization_id, ...changes })),
      ),
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
        .values({ id, task_id: task.id, user_id: person.id, ...changes })
        .execute()
      return id
    },
    reminder: (id: string) => db.selectFrom('reminders').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    /** Everything that reached people of reminders, and what is still owed to them by this worker. */
    async counts() {
      const { rows } = await sql<
        Record<'deliveries' | 'notifications' | 'mails' | 'mailJobs' | 'audits' | 'owed', number>
      >`
        select (select count(*) from reminder_deliveries) as deliveries,
          (select count(*) from notifications) as notifications,
          (select count(*) from email_messages) as mails,
          (select count(*) from outbox where name = 'send-email') as "mailJobs",
          (select count(*) from audit_pending) as audits,
          (select count(*) from outbox where name = 'fire-reminder' and failed_at is null) as owed`.execute(db)
      return rows[0]
    },
    /** Until nothing is due that was not handed over, and nothing that was handed over is owed. */
    settled: (clock: Clock = systemClock, timeoutMs = 15_000) =>
      eventually(
        async () => {
          const open = await findDue({ db, clock })
          const owed = await db.selectFrom('outbox').select('name').where('queue', '=', 'reminder').execute()
          if (open.length + owed.length > 0) throw new Error(`still due: ${open.join(', ')}; owed: ${owed.length}`)
        },
        { timeoutMs, intervalMs: 15 },
      ),
    /** The digests of the ledger, by date. */
    async digests(userId: string) {
      const { rows } = await sql<{ date: string; status: string; late: boolean }>`
        select local_date::text as date, status, late from digest_deliveries
        where user_id = ${userId} order by local_date`.execute(db)
      return rows
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
