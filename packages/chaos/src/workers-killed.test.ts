import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PausePoint } from './faults/pause-point.ts'
import type { App, AppName } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, uploadPhoto } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System
let apps: Record<AppName, App>
let user: User

/** The promises that the mail server awaits before and after it accepts a message, by recipient. */
const beforeAccept = new Map<string, Promise<void>>()
const afterAccept = new Map<string, Promise<void>>()

beforeAll(async () => {
  system = await startSystem()
  apps = await system.startAll()
  system.smtp.behavior = {
    beforeAccept: async (to) => {
      await beforeAccept.get(to)
      return 'accept'
    },
    afterAccept: (to) => afterAccept.get(to),
  }
  user = await system.registeredUser()
})
afterAll(() => system.close())

/** Twice the time until a stalled job is retried (its lock, the stalled check, a mail's lease), on a busy machine. */
const retried = { timeoutMs: 60_000 }

// The tests kill different workers and all wait for locks to expire, so they run at the same time.
describe.concurrent('killing a worker during a job', () => {
  test('a mail is sent once when its worker is killed twice before it is accepted', async () => {
    const recipient = system.newUser()
    for (let kills = 0; kills < 2; kills++) {
      const held = Promise.withResolvers<void>()
      beforeAccept.set(recipient.email, held.promise)
      if (kills === 0) await recipient.register()
      await eventually(() => expect(system.smtp.unanswered).toContain(recipient.email), retried)
      await replace('email-worker')
      beforeAccept.delete(recipient.email)
      held.resolve()
    }
    await mailIsSent(recipient.email)
    expect(system.smtp.mailsTo(recipient.email)).toHaveLength(1)
  })

  test('a reminder has each effect once when its worker is killed twice during delivery', async () => {
    const pausePoint = await system.pausePoint('reminder_deliveries', 'insert')
    await pausePoint.arm()
    const id = await createReminder(user, await createTask(user), 500)
    for (let kills = 0; kills < 2; kills++) {
      await pausePoint.waitUntilReached(retried)
      await replaceAt(pausePoint, 'reminder-worker', { rearm: kills < 1 })
    }
    await eventually(async () => expect(await count('reminders', `id = $1 and status = 'sent'`, id)).toBe(1), retried)
    expect(await count('reminder_deliveries', 'reminder_id = $1', id)).toBe(1)
    expect(await count('notifications', `data->>'reminderId' = $1`, id)).toBe(1)
    expect(await count('email_messages', `template = 'reminder' and to_address = $1`, user.email)).toBe(1)
    await auditedOnce('reminder.sent', [id])
    await eventually(() => expect(reminderMails()).toHaveLength(1), retried)
  })

  test('an image is ready once, without other files, when its worker is killed twice', async () => {
    // The image is written at this point, and its row is not updated yet.
    const pausePoint = await system.pausePoint('attachments', 'update')
    await pausePoint.arm()
    const id = await uploadPhoto(user, await createTask(user))
    for (let kills = 0; kills < 2; kills++) {
      await pausePoint.waitUntilReached(retried)
      await replaceAt(pausePoint, 'image-worker', { rearm: kills < 1 })
    }
    await eventually(
      async () => expect(await count('attachments', `id = $1 and status = 'ready'`, id)).toBe(1),
      retried,
    )
    await auditedOnce('attachment.optimized', [id])
    for (const part of ['content', 'thumbnail']) {
      expect((await user.request('GET', `/attachments/${id}/${part}`)).status).toBe(200)
    }
    await eventually(async () => expect(await system.storedFilesOf(id)).toEqual(['optimized', 'thumbnail']), retried)
  })

  test('an audit event is in the chain once when its worker is killed during a batch', async () => {
    const pausePoint = await system.pausePoint('audit_events', 'insert')
    await pausePoint.arm()
    const ids = await Promise.all(Array.from({ length: 30 }, () => createTask(user)))
    await pausePoint.waitUntilReached(retried)
    await replaceAt(pausePoint, 'audit-worker', { rearm: false })
    await auditedOnce('task.created', ids)
    expect(await system.inspector.isAuditChainIntact()).toBe(true)
  })
})

test('an accepted mail of a killed worker is resent at most once, with its Message-ID', async () => {
  const recipient = system.newUser()
  const held = Promise.withResolvers<void>()
  afterAccept.set(recipient.email, held.promise)
  await recipient.register()
  await eventually(() => expect(system.smtp.mailsTo(recipient.email)).toHaveLength(1), retried)
  // The worker is killed before it gets the reply, so it cannot record that the mail was accepted.
  await replace('email-worker')
  afterAccept.delete(recipient.email)
  held.resolve()
  await mailIsSent(recipient.email)
  await system.inspector.waitUntilIdle()
  const mails = system.smtp.mailsTo(recipient.email)
  expect(mails.length).toBeLessThanOrEqual(2)
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1)
})

/** Kills the worker and starts a new process of it. */
async function replace(name: AppName): Promise<void> {
  await apps[name].kill()
  apps[name] = await system.start(name)
}

/** Kills the worker that is paused, lets Postgres end its transaction, and starts a new process of it. */
async function replaceAt(pausePoint: PausePoint, name: AppName, { rearm }: { rearm: boolean }): Promise<void> {
  await apps[name].kill()
  await pausePoint.release()
  if (rearm) await pausePoint.arm()
  apps[name] = await system.start(name)
}

async function count(table: string, where: string, ...values: unknown[]): Promise<number> {
  return (await system.inspector.query(`select from ${table} where ${where}`, values)).length
}

const mailIsSent = (to: string) =>
  eventually(
    async () => expect(await count('email_messages', `to_address = $1 and status = 'sent'`, to)).toBe(1),
    retried,
  )

const auditedOnce = (action: string, ids: string[]) =>
  eventually(async () => expect(await system.inspector.auditCounts(action, ids)).toEqual(ids.map(() => 1)), retried)

const reminderMails = () => system.smtp.mailsTo(user.email).filter(({ subject }) => /remind/i.test(subject))
