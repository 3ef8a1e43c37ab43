import { newId } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { createAnnouncements } from '@muster/jobs/processes'
import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { logPendingEvents } from '../audit/testing/audit-fixtures.ts'
import { base } from './testing/admin-fixtures.ts'

const clock = manualClock(new Date('2026-07-01T12:00:30Z'))
let api: TestApp
let admin: TestUser
let operator: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock })
  admin = await api.signUp({ role: 'site_admin' })
  operator = await api.signUp({ role: 'operator' })
})
afterAll(() => api.close())
beforeEach(() => api.db.deleteFrom('outbox').execute())

const queueUrl = (name: string) => `${base}/queues/${name}`
const retry = (body: object) => admin.inject('POST', `${queueUrl('email')}/failed/retry`, body)
const pendingRows = () =>
  api.db.selectFrom('outbox').select('id').where('failed_at', 'is', null).orderBy('id').execute()

/** Writes failed jobs as a worker leaves them. */
const failed = (errors: readonly string[]) =>
  api.db
    .insertInto('outbox')
    .values(
      errors.map((error) => ({
        ...{ id: newId(), queue: 'email', name: sendEmail.name, payload: JSON.stringify({ emailId: newId() }) },
        ...{ error, failed_at: new Date() },
      })),
    )
    .execute()

test('after a retry and after a change of workers the forecast is measured anew, from the minutes that follow', async () => {
  const minuteAgo = (minutes: number) => new Date(new Date('2026-07-01T12:00:00Z').getTime() - minutes * 60_000)
  const sample = (minute: Date, flows: { added: number; completed: number }) =>
    api.db
      .insertInto('minute_samples')
      .values({ minute, name: 'email', waiting: 100, active: 1, delayed: 0, oldest_ms: 1, failed: 0, ...flows })
      .execute()
  for (let minutes = 15; minutes > 0; minutes--) await sample(minuteAgo(minutes), { added: 40, completed: 20 })
  const series = async () => (await operator.inject('GET', `${queueUrl('email')}/series`)).json().data
  expect(await series()).toMatchObject({ forecast: { measuredMinutes: 15 }, measuringSince: null })
  await failed(['down', 'down'])
  await retry({ note: 'It is back.' })
  await api.db
    .updateTable('audit_pending')
    .set({ created_at: clock.now() })
    .where('action', '=', 'jobs.retried')
    .execute()
  expect(await series()).toMatchObject({ forecast: null, measuringSince: '2026-07-01T12:00:30.000Z' })
  for (const minutes of [0, -1, -2, -3])
    await sample(minuteAgo(minutes), { added: minutes === 0 ? 500 : 10, completed: 20 })
  clock.set(new Date('2026-07-01T12:04:10Z'))
  expect(await series()).toMatchObject({
    forecast: {
      measuredMinutes: 3,
      backlog: 2,
      addedPerMinute: 10,
      completedPerMinute: 20,
      clearsAt: expect.any(String),
    },
    measuringSince: null,
  })
  clock.set(new Date('2026-07-01T12:04:20Z'))
  const announcements = createAnnouncements(api.redis, 'email-worker', () => clock.now().getTime())
  await announcements.announce()
  expect(await series()).toMatchObject({ forecast: null, measuringSince: '2026-07-01T12:04:20.000Z' })
  clock.set(new Date('2026-07-01T12:04:50Z'))
  await announcements.withdraw()
  expect(await series()).toMatchObject({ forecast: null, measuringSince: '2026-07-01T12:04:50.000Z' })
})

test('what became of retried jobs is told: those that wait, those that have failed again, and those that are done', async () => {
  await failed(['down', 'down', 'down', 'of no use'])
  const filter = { reason: 'down', note: 'Counted afterwards.', limit: 2 }
  const { nextCursor: cursor } = (await retry(filter)).json().data
  expect((await retry({ ...filter, cursor })).json().data).toMatchObject({ done: 1, nextCursor: null })
  const retried = async () =>
    (await operator.inject('GET', `${queueUrl('email')}/retries`))
      .json()
      .data.retries.find((one: { note: string }) => one.note === filter.note)
  const told = { by: { id: admin.userId }, reason: 'down', jobName: null, jobs: 3 }
  expect(await retried()).toMatchObject({ ...told, pending: 3, failed: 0, done: 0 })
  const [first, second] = (await pendingRows()).map(({ id }) => id)
  await api.db
    .updateTable('outbox')
    .set({ failed_at: new Date(), error: 'down' })
    .where('id', '=', first as string)
    .execute()
  await api.db
    .deleteFrom('outbox')
    .where('id', '=', second as string)
    .execute()
  expect(await retried()).toMatchObject({ ...told, pending: 1, failed: 1, done: 1 })
  await logPendingEvents(api)
  expect(await retried()).toMatchObject({ ...told, pending: 1, failed: 1, done: 1 })
  await admin.inject('POST', `${queueUrl('email')}/failed/${first}/retry`)
  const { retries } = (await operator.inject('GET', `${queueUrl('email')}/retries`)).json().data
  expect(retries[0]).toMatchObject({ note: null, jobName: sendEmail.name, jobs: 1, pending: 1, failed: 0, done: 0 })
})
