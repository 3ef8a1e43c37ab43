import { once } from 'node:events'
import { newId } from '@muster/db'
import { createAnnouncements } from '@muster/jobs/processes'
import { openQueue } from '@muster/jobs/queue'
import { failFastRedis, formatRedisUrl, parseRedisUrl } from '@muster/redis'
import { insertReminder, insertTask, insertUser, type OwnRedis } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordVerification } from '../modules/audit/testing/audit-fixtures.ts'
import type { TestApp } from '../testing/test-app.ts'
import { muster } from './testing/cli-fixtures.ts'
import { type Installation, startInstallation } from './testing/doctor-fixtures.ts'

let installation: Installation
let api: TestApp
let redis: OwnRedis
let well: Installation['well']
let examine: Installation['examine']

beforeAll(async () => {
  installation = await startInstallation()
  ;({ api, redis, well, examine } = installation)
})
afterAll(() => installation.close())

const agoMs = (ms: number) => new Date(Date.now() - ms)
const minuteMs = 60_000

const inOrder = ['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker']

/** Announces processes as they do themselves, at a time: a frozen one leaves that of its last announcement. */
async function announced(names: readonly string[], atMs: number): Promise<() => Promise<unknown>> {
  const all = names.map((name) => createAnnouncements(redis.client, name, () => atMs))
  await Promise.all(all.map((one) => one.announce()))
  return () => Promise.all(all.map((one) => one.withdraw()))
}

test('a process that was killed, is frozen or was never started is named, unless it was replaced', async () => {
  const apiAlone = { REDIS_URL: formatRedisUrl(api.deps.config.redis) }
  const { stdout } = await muster(api, 'doctor', { env: { ...well, ...apiAlone } })
  for (const name of inOrder.slice(1)) expect(stdout).toContain(`No ${name} runs.`)
  expect(stdout).not.toContain('No api runs.')

  const frozen = await announced(['email-worker'], Date.now() - 10 * minuteMs)
  expect(await installation.findings()).toMatchObject([
    {
      id: 'process-missing',
      what: expect.stringMatching(/No email-worker runs: .*frozen, and announced itself 10 min ago/),
    },
  ])
  const others = await announced(inOrder.slice(2).concat('api'), Date.now())
  expect(await examine()).toEqual(['process-missing'])
  const replaced = await announced(['email-worker'], Date.now())
  expect(await examine()).toEqual([])
  await Promise.all([frozen, others, replaced].map((withdraw) => withdraw()))
  expect(await examine()).toEqual([])
})

test('one frozen process beside others of its kind is a warning', async () => {
  const running = await Promise.all(
    inOrder.map(async (name) => {
      let atMs = Date.now() - 20 * minuteMs
      const one = createAnnouncements(redis.client, name, () => atMs)
      atMs = Date.now()
      await one.announce()
      return one
    }),
  )
  const frozen = await announced(['audit-worker'], Date.now() - 10 * minuteMs)
  expect(await examine()).toEqual(['process-silent'])
  await Promise.all([frozen(), ...running.map((one) => one.withdraw())])
})

test('work that is behind is named: outbox, audit, reminders, keys, jobs, queues, a held copy', async () => {
  // It would publish the row of the outbox within a second.
  await api.deps.publisher.close()
  const user = await insertUser(api.db)
  const job = (row: object) => ({ id: newId(), queue: 'email', name: 'send-email', payload: '{}', ...row })
  const cases: [string, () => Promise<() => unknown>][] = [
    [
      'held',
      async () => {
        await api.db.updateTable('installation').set({ held_at: new Date() }).execute()
        return () => api.db.updateTable('installation').set({ held_at: null }).execute()
      },
    ],
    ['outbox-behind', () => inserted('outbox', job({ created_at: agoMs(2 * minuteMs) }))],
    ['failed-jobs', () => inserted('outbox', job({ failed_at: new Date(), error: 'S3cret-Word' }))],
    [
      'audit-behind',
      () =>
        inserted('audit_pending', {
          id: newId(),
          action: 'task.created',
          target_type: 'task',
          target_id: newId(),
          created_at: agoMs(5 * minuteMs),
        }),
    ],
    [
      'reminders-late',
      async () => {
        const { id } = await insertReminder(api.db, await insertTask(api.db, user), {
          scheduled_at: agoMs(5 * minuteMs),
        })
        return () => api.db.deleteFrom('reminders').where('id', '=', id).execute()
      },
    ],
    [
      'key-missing',
      async () => {
        await insertUser(api.db, { id: newId(), password_hash: 'k9$x' })
        return () =>
          api.db.updateTable('users').set({ password_hash: null }).where('password_hash', '=', 'k9$x').execute()
      },
    ],
    [
      'mails-failed',
      async () => {
        const row = () => ({ id: newId(), template: 'welcome', to_address: 'ann@example.com', status: 'failed' })
        await api.db
          .insertInto('email_messages')
          .values(Array.from({ length: 11 }, row))
          .execute()
        return () => api.db.deleteFrom('email_messages').execute()
      },
    ],
    [
      'queue-paused',
      async () => {
        const client = failFastRedis(parseRedisUrl(redis.url))
        await once(client, 'ready')
        const queue = await openQueue('image', client)
        await queue.pause()
        return async () => {
          await queue.resume()
          await queue.close()
          client.disconnect()
        }
      },
    ],
    [
      'queue-behind',
      async () => {
        const client = failFastRedis(parseRedisUrl(redis.url))
        await once(client, 'ready')
        const queue = await openQueue('email', client)
        const added = await queue.add('send-email', {}, { jobId: newId(), timestamp: Date.now() - 10 * minuteMs })
        return async () => {
          await added.remove()
          await queue.close()
          client.disconnect()
        }
      },
    ],
  ]
  const withdraw = await announced(inOrder, Date.now() + 10 * minuteMs)
  for (const [id, inject] of cases) {
    const undo = await inject()
    expect(await examine()).toEqual([id])
    await undo()
  }
  await withdraw()
  const undo = await inserted('outbox', job({ created_at: agoMs(2 * minuteMs) }))
  expect(await examine()).toEqual(['process-missing', 'outbox-behind'])
  await undo()
  expect(await examine()).toEqual([])
})

test('a broken audit chain is named with its event and since when, until it is verified to be whole', async () => {
  const withdraw = await announced(inOrder, Date.now() + 10 * minuteMs)
  const outcome = { fromSeq: 0, toSeq: 9, checked: 9, complete: true }
  const verified = (firstBrokenSeq: number | null, minutesAgo: number) =>
    recordVerification(api, { ...outcome, firstBrokenSeq }, agoMs(minutesAgo * minuteMs))
  await verified(null, 50)
  expect(await examine()).toEqual([])
  await verified(7, 40)
  await verified(4, 30)
  const since = (await api.db.selectFrom('audit_events').select('created_at').where('seq', '=', 2).executeTakeFirst())
    ?.created_at
  expect(await installation.findings()).toMatchObject([
    {
      id: 'audit-chain-broken',
      severity: 'error',
      what: expect.stringContaining(`number 4 on; verifications have found it broken since ${since?.toISOString()}`),
      remedy: expect.stringMatching(/evidence.*muster audit verify --heads/),
    },
  ])
  await verified(null, 20)
  expect(await examine()).toEqual([])
  await withdraw()
})

test('users who all have the address of a proxy are noticed, whether it is trusted or not', async () => {
  const users = await Promise.all(Array.from({ length: 5 }, () => insertUser(api.db)))
  const row = (index: number) => ({
    id: newId(),
    user_id: users[index % 5]?.id as string,
    ip: '10.0.0.3',
    seed: Buffer.alloc(32),
    created_at: new Date(),
    expires_at: new Date(),
    last_used_at: new Date(),
    rotated_at: new Date(),
  })
  await api.db
    .insertInto('sessions')
    .values(Array.from({ length: 25 }, (_, index) => row(index)))
    .execute()
  expect(await examine()).toEqual(['client-address'])
  expect(await examine({ TRUSTED_PROXIES: '10.0.0.0/8' })).toEqual(['client-address'])
  expect(await examine({ TRUSTED_PROXIES: '192.0.2.1' })).toEqual([])
  await api.db.deleteFrom('sessions').where('ip', '=', '10.0.0.3').execute()
})

async function inserted(
  table: 'outbox' | 'audit_pending',
  row: { id: string; [column: string]: unknown },
): Promise<() => unknown> {
  await api.db
    .insertInto(table)
    .values(row as never)
    .execute()
  return () => api.db.deleteFrom(table).where('id', '=', row.id).execute()
}
