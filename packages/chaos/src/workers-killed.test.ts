import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App, AppName } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, uploadPhoto } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System
let apps: Record<AppName, App>
let user: User

/** By receiver: the mail server keeps their message in its hands until then. */
const before = new Map<string, Promise<void>>()
const after = new Map<string, Promise<void>>()

beforeAll(async () => {
  system = await startSystem()
  apps = await system.startAll()
  system.smtp.behavior = {
    beforeAccept: async (to) => {
      await before.get(to)
      return 'accept'
    },
    afterAccept: (to) => after.get(to),
  }
  user = await system.registeredUser()
})
afterAll(() => system.close())

/** Longer than a job's lock, its check and a mail's lease, twice, on a machine that has other work. */
const takenOverMs = 60_000

async function replace(name: AppName): Promise<void> {
  await apps[name].kill()
  apps[name] = await system.start(name)
}

// Each kills another worker, and all wait for the same locks to run out: at the same time.
describe.concurrent('kill -9 of a worker in the middle of its job', () => {
  test('twice, before the mail server took the mail: it is sent once', async () => {
    const newUser = system.newUser()
    for (let kills = 0; kills < 2; kills++) {
      const held = Promise.withResolvers<void>()
      before.set(newUser.email, held.promise)
      if (kills === 0) await newUser.register()
      await eventually(() => expect(system.smtp.unanswered).toContain(newUser.email), { timeoutMs: takenOverMs })
      await replace('email-worker')
      before.delete(newUser.email)
      held.resolve()
    }
    await mailIsSent(newUser.email)
    expect(system.smtp.mailsTo(newUser.email)).toHaveLength(1)
  })

  test('twice, with a reminder half delivered: ledger, notification, mail and audit row are there once', async () => {
    const pausePoint = await system.pausePoint('reminder_deliveries', 'insert')
    await pausePoint.arm()
    const id = await createReminder(user, await createTask(user), 500)
    for (let kills = 0; kills < 2; kills++) {
      await pausePoint.waitUntilReached({ timeoutMs: takenOverMs })
      await replaceAt(pausePoint, 'reminder-worker', kills < 1)
    }
    await eventually(async () => expect(await count('reminders', `id = $1 and status = 'sent'`, id)).toBe(1), {
      timeoutMs: takenOverMs,
    })
    expect(await count('reminder_deliveries', 'reminder_id = $1', id)).toBe(1)
    expect(await count('notifications', `data->>'reminderId' = $1`, id)).toBe(1)
    expect(await count('email_messages', `template = 'reminder' and to_address = $1`, user.email)).toBe(1)
    await auditedOnce('reminder.sent', [id])
    await eventually(() => expect(remindersSent()).toHaveLength(1), { timeoutMs: takenOverMs })
  })

  test('twice, with an image made and not yet noted: it is ready once, and nothing else of it is left', async () => {
    const pausePoint = await system.pausePoint('attachments', 'update')
    await pausePoint.arm()
    const id = await uploadPhoto(user, await createTask(user))
    for (let kills = 0; kills < 2; kills++) {
      await pausePoint.waitUntilReached({ timeoutMs: takenOverMs })
      await replaceAt(pausePoint, 'image-worker', kills < 1)
    }
    await eventually(async () => expect(await count('attachments', `id = $1 and status = 'ready'`, id)).toBe(1), {
      timeoutMs: takenOverMs,
    })
    await auditedOnce('attachment.optimized', [id])
    for (const part of ['content', 'thumbnail']) {
      expect((await user.request('GET', `/attachments/${id}/${part}`)).status).toBe(200)
    }
    await eventually(async () => expect(await system.storedFilesOf(id)).toEqual(['optimized', 'thumbnail']), {
      timeoutMs: takenOverMs,
    })
  })

  test('with a batch of audit events half chained: each stands in the chain once', async () => {
    const pausePoint = await system.pausePoint('audit_events', 'insert')
    await pausePoint.arm()
    const ids = await Promise.all(Array.from({ length: 30 }, () => createTask(user)))
    await pausePoint.waitUntilReached({ timeoutMs: takenOverMs })
    await replaceAt(pausePoint, 'audit-worker', false)
    await auditedOnce('task.created', ids)
    expect(await system.inspector.isAuditChainIntact()).toBe(true)
  })
})

test('kill -9 after the mail server took a mail and before that was noted: at most once more, with the same Message-ID', async () => {
  const newUser = system.newUser()
  const held = Promise.withResolvers<void>()
  after.set(newUser.email, held.promise)
  await newUser.register()
  await eventually(() => expect(system.smtp.mailsTo(newUser.email)).toHaveLength(1), { timeoutMs: takenOverMs })
  await replace('email-worker')
  after.delete(newUser.email)
  held.resolve()
  await mailIsSent(newUser.email)
  await system.inspector.waitUntilIdle()
  const sent = system.smtp.mailsTo(newUser.email)
  expect(sent.length).toBeLessThanOrEqual(2)
  expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(1)
})

type PausePoint = Awaited<ReturnType<System['pausePoint']>>

/** Kills who waits at the pausePoint, lets what is left of its transaction end, and starts another. */
async function replaceAt(pausePoint: PausePoint, name: AppName, isClosedAgain: boolean): Promise<void> {
  await apps[name].kill()
  await pausePoint.release()
  if (isClosedAgain) await pausePoint.arm()
  apps[name] = await system.start(name)
}

async function count(table: string, where: string, ...values: unknown[]): Promise<number> {
  return (await system.inspector.query(`select from ${table} where ${where}`, values)).length
}

const mailIsSent = (to: string) =>
  eventually(async () => expect(await count('email_messages', `to_address = $1 and status = 'sent'`, to)).toBe(1), {
    timeoutMs: takenOverMs,
  })

const auditedOnce = (action: string, ids: string[]) =>
  eventually(async () => expect(await system.inspector.auditCounts(action, ids)).toEqual(ids.map(() => 1)), {
    timeoutMs: takenOverMs,
  })

const remindersSent = () => system.smtp.mailsTo(user.email).filter(({ subject }) => /remind/i.test(subject))
