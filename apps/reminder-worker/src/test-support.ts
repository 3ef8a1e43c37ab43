import { type Clock, type Database, newId, systemClock } from '@muster/db'
import { createTransact } from '@muster/jobs/outbox'
import { startRelay } from '@muster/jobs/relay'
import { createLogger } from '@muster/logger'
import { createTestDatabase, createTestRedis } from '@muster/testing'
import { type Insertable, sql } from 'kysely'
import type { Deps } from './deps.ts'
import { startReminderWorker } from './reminder-worker.ts'

/** A database and a Redis of one's own, with one task of one person, and as many reminder workers as a test starts. */
export async function createReminderWorld() {
  const database = await createTestDatabase({ poolMax: 20 })
  const redis = await createTestRedis()
  const { db } = database
  const log = createLogger({ name: 'reminder-test', level: 'silent' })
  const stops: (() => Promise<void>)[] = []
  const { userId, taskId } = await insertTask(database.db)

  return {
    database,
    redis,
    db,
    userId,
    taskId,
    start({ clock = systemClock, tickMs = 50 }: { clock?: Clock; tickMs?: number } = {}) {
      const relay = startRelay({ db, redisUrl: redis.url, log })
      const deps: Deps = { db, redisUrl: redis.url, relay, transact: createTransact({ db, relay }), clock, log }
      const worker = startReminderWorker(deps, { concurrency: 10, tickMs })
      const stop = async () => {
        await worker.close()
        await relay.close()
      }
      stops.push(stop)
      return deps
    },
    async insertReminder(changes: Partial<Insertable<Database['reminders']>> & { scheduled_at: Date }) {
      const id = newId()
      await db
        .insertInto('reminders')
        .values({ id, task_id: taskId, user_id: userId, ...changes })
        .execute()
      return id
    },
    reminder: (id: string) => db.selectFrom('reminders').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    /** Everything that reached the person, and what is still owed to them by this worker. */
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
    async close() {
      await Promise.all(stops.map((stop) => stop()))
      await redis.close()
      await database.drop()
    },
  }
}

async function insertTask(db: Deps['db']): Promise<{ userId: string; taskId: string }> {
  const [organizationId, userId, taskId] = [newId(), newId(), newId()]
  await db.insertInto('organizations').values({ id: organizationId, name: 'Lee', is_personal: true }).execute()
  await db
    .insertInto('users')
    .values({
      id: userId,
      username: 'lee',
      name: 'Lee',
      email: 'lee@example.org',
      role: 'client_admin',
      organization_id: organizationId,
      timezone: 'Europe/Vienna',
    })
    .execute()
  await db
    .insertInto('tasks')
    .values({
      id: taskId,
      owner_id: userId,
      organization_id: organizationId,
      title: 'Water the plants',
      due_date: new Date(Date.now() + 3_600_000),
    })
    .execute()
  return { userId, taskId }
}
