import { randomUUID } from 'node:crypto'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App, AppName } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, uploadPhoto } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System
let apps: Record<AppName, App>
let user: User

beforeAll(async () => {
  system = await startSystem()
  apps = await system.startAll()
  user = await system.registeredUser()
})
afterAll(() => system.close())

/** The time in which a job is processed when nothing delays it, on a busy machine. */
const undelayed = { timeoutMs: 15_000 }

test('jobs whose payload cannot be parsed fail with a reason and delay no other job', async () => {
  const jobs = [
    { queue: 'email', name: 'send-email' },
    { queue: 'reminder', name: 'fire-reminder' },
    { queue: 'image', name: 'optimize-image' },
    { queue: 'image', name: 'no-such-job' },
  ]
  const poison = jobs.flatMap((job) => Array.from({ length: 10 }, () => ({ ...job, id: randomUUID() })))
  for (const { id, queue, name } of poison) {
    await system.inspector.query(
      `insert into outbox (id, queue, name, payload) values ($1, $2, $3, '{"nonsense": true}')`,
      [id, queue, name],
    )
  }
  await otherJobsAreProcessed()

  await eventually(async () => {
    const failed = await system.inspector.query<{ error: string }>(
      `select error from outbox where id = any($1) and failed_at is not null and error <> ''`,
      [poison.map(({ id }) => id)],
    )
    expect(failed).toHaveLength(poison.length)
  }, undelayed)
  await system.inspector.query('delete from outbox where id = any($1)', [poison.map(({ id }) => id)])
})

test('a job whose handler always throws fails after its attempts and delays no other', async () => {
  await system.inspector.query(`
    create function chaos_poison() returns trigger language plpgsql as $$
    begin raise exception 'poison of this test'; end $$`)
  const id = await uploadPhoto(user, await createTask(user))
  await system.inspector.query(
    `create trigger chaos_poison before update on attachments for each row when (old.id = '${id}')
     execute function chaos_poison()`,
  )
  // The image worker may have finished before the trigger existed.
  const isPoisoned = (await statusOf(id)) === 'processing'
  await otherJobsAreProcessed()
  if (!isPoisoned) return

  await eventually(async () => {
    const failed = await system.inspector.query<{ error: string }>(
      `select error from outbox where payload->>'attachmentId' = $1 and failed_at is not null`,
      [id],
    )
    expect(failed).toEqual([{ error: expect.stringContaining('poison of this test') }])
  }, undelayed)
})

test('recipients whose mail server rejects or hangs delay no other mail', async () => {
  const [rejected, hanging] = [system.newUser(), system.newUser()]
  const held = Promise.withResolvers<'accept'>()
  system.smtp.behavior.beforeAccept = async (to) => {
    if (to === rejected.email) return 'reject'
    return to === hanging.email ? held.promise : 'accept'
  }
  await rejected.register()
  await hanging.register()
  await eventually(() => expect(system.smtp.unanswered).toContain(hanging.email), undelayed)
  const others = Array.from({ length: 10 }, () => system.newUser())
  await Promise.all(others.map((other) => other.register()))
  await eventually(() => {
    for (const { email } of others) expect(system.smtp.mailsTo(email)).toHaveLength(1)
  }, undelayed)
  await eventually(async () => {
    const rows = await system.inspector.query('select from email_messages where to_address = $1 and status = $2', [
      rejected.email,
      'failed',
    ])
    expect(rows).toHaveLength(1)
  }, undelayed)
  held.resolve('accept')
  await system.inspector.waitUntilIdle()
  expect(system.smtp.mailsTo(hanging.email)).toHaveLength(1)
})

/** Gives every worker one job of another user and expects its effect without delay. */
async function otherJobsAreProcessed(): Promise<void> {
  const other = await system.registeredUser()
  const taskId = await createTask(other)
  const attachmentId = await uploadPhoto(other, taskId)
  const reminderId = await createReminder(other, taskId, 300)
  await eventually(async () => {
    expect(await statusOf(attachmentId)).toBe('ready')
    expect(await system.inspector.auditCounts('task.created', [taskId])).toEqual([1])
    expect(await system.inspector.auditCounts('reminder.sent', [reminderId])).toEqual([1])
    // The one-time code, the welcome mail and the reminder.
    expect(system.smtp.mailsTo(other.email)).toHaveLength(3)
  }, undelayed)
  expect(Object.values(apps).every((app) => app.isRunning())).toBe(true)
}

async function statusOf(attachmentId: string): Promise<string | undefined> {
  const [row] = await system.inspector.query<{ status: string }>('select status from attachments where id = $1', [
    attachmentId,
  ])
  return row?.status
}
