import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App, AppName } from './apps.ts'
import type { Person } from './people.ts'
import { type System, startSystem } from './system.ts'
import { makeTask, setReminder, uploadPhoto } from './work.ts'

let system: System
let apps: Record<AppName, App>
let person: Person

/** By receiver: the mail server keeps their message in its hands until then. */
const before = new Map<string, Promise<void>>()
const after = new Map<string, Promise<void>>()

beforeAll(async () => {
  system = await startSystem()
  apps = await system.startAll()
  system.smtp.manners = {
    beforeTaking: async (to) => {
      await before.get(to)
      return 'take'
    },
    afterTaking: (to) => after.get(to),
  }
  person = await system.member()
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
    const newcomer = system.newcomer()
    for (let kills = 0; kills < 2; kills++) {
      const held = Promise.withResolvers<void>()
      before.set(newcomer.email, held.promise)
      if (kills === 0) await newcomer.register()
      await eventually(() => expect(system.smtp.pending).toContain(newcomer.email), { timeoutMs: takenOverMs })
      await replace('email-worker')
      before.delete(newcomer.email)
      held.resolve()
    }
    await mailIsSent(newcomer.email)
    expect(system.smtp.to(newcomer.email)).toHaveLength(1)
  })

  test('twice, with a reminder half delivered: ledger, notification, mail and audit row are there once', async () => {
    const gate = await system.gate('reminder_deliveries', 'insert')
    await gate.close()
    const id = await setReminder(person, await makeTask(person), 500)
    for (let kills = 0; kills < 2; kills++) {
      await gate.waitForOne({ timeoutMs: takenOverMs })
      await replaceAt(gate, 'reminder-worker', kills < 1)
    }
    await eventually(async () => expect(await count('reminders', `id = $1 and status = 'sent'`, id)).toBe(1), {
      timeoutMs: takenOverMs,
    })
    expect(await count('reminder_deliveries', 'reminder_id = $1', id)).toBe(1)
    expect(await count('notifications', `data->>'reminderId' = $1`, id)).toBe(1)
    expect(await count('email_messages', `template = 'reminder' and to_address = $1`, person.email)).toBe(1)
    await auditedOnce('reminder.sent', [id])
    await eventually(() => expect(remindersSent()).toHaveLength(1), { timeoutMs: takenOverMs })
  })

  test('twice, with an image made and not yet noted: it is ready once, and nothing else of it is left', async () => {
    const gate = await system.gate('attachments', 'update')
    await gate.close()
    const id = await uploadPhoto(person, await makeTask(person))
    for (let kills = 0; kills < 2; kills++) {
      await gate.waitForOne({ timeoutMs: takenOverMs })
      await replaceAt(gate, 'image-worker', kills < 1)
    }
    await eventually(async () => expect(await count('attachments', `id = $1 and status = 'ready'`, id)).toBe(1), {
      timeoutMs: takenOverMs,
    })
    await auditedOnce('attachment.optimized', [id])
    for (const part of ['content', 'thumbnail']) {
      expect((await person.request('GET', `/attachments/${id}/${part}`)).status).toBe(200)
    }
    await eventually(async () => expect(await system.filesOf(id)).toEqual(['optimized', 'thumbnail']), {
      timeoutMs: takenOverMs,
    })
  })

  test('with a batch of audit events half chained: each stands in the chain once', async () => {
    const gate = await system.gate('audit_events', 'insert')
    await gate.close()
    const ids = await Promise.all(Array.from({ length: 30 }, () => makeTask(person)))
    await gate.waitForOne({ timeoutMs: takenOverMs })
    await replaceAt(gate, 'audit-worker', false)
    await auditedOnce('task.created', ids)
    expect(await system.books.isChainWhole()).toBe(true)
  })
})

test('kill -9 after the mail server took a mail and before that was noted: at most once more, with the same Message-ID', async () => {
  const newcomer = system.newcomer()
  const held = Promise.withResolvers<void>()
  after.set(newcomer.email, held.promise)
  await newcomer.register()
  await eventually(() => expect(system.smtp.to(newcomer.email)).toHaveLength(1), { timeoutMs: takenOverMs })
  await replace('email-worker')
  after.delete(newcomer.email)
  held.resolve()
  await mailIsSent(newcomer.email)
  await system.books.settled()
  const sent = system.smtp.to(newcomer.email)
  expect(sent.length).toBeLessThanOrEqual(2)
  expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(1)
})

type Gate = Awaited<ReturnType<System['gate']>>

/** Kills who waits at the gate, lets what is left of its transaction end, and starts another. */
async function replaceAt(gate: Gate, name: AppName, isClosedAgain: boolean): Promise<void> {
  await apps[name].kill()
  await gate.open()
  if (isClosedAgain) await gate.close()
  apps[name] = await system.start(name)
}

async function count(table: string, where: string, ...values: unknown[]): Promise<number> {
  return (await system.books.query(`select from ${table} where ${where}`, values)).length
}

const mailIsSent = (to: string) =>
  eventually(async () => expect(await count('email_messages', `to_address = $1 and status = 'sent'`, to)).toBe(1), {
    timeoutMs: takenOverMs,
  })

const auditedOnce = (action: string, ids: string[]) =>
  eventually(async () => expect(await system.books.auditCounts(action, ids)).toEqual(ids.map(() => 1)), {
    timeoutMs: takenOverMs,
  })

const remindersSent = () => system.smtp.to(person.email).filter(({ subject }) => /remind/i.test(subject))
