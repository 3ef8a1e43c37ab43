import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestPerson } from '../../testing/api.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const path = '/api/v1/users/me/preferences'
const defaults = {
  morningDigest: true,
  hourBefore: true,
  notifications: {
    overdue: { inApp: true, email: false },
    upcoming: { inApp: true, email: true },
    reminder: { inApp: true, email: true },
    general: { inApp: true, email: false },
    invite: { inApp: true, email: true },
    chat: { inApp: true, email: true },
    security: { inApp: true, email: true },
  },
}
const read = async (person: TestPerson) => (await person.inject('GET', path)).json().data.preferences
const stored = (person: TestPerson) =>
  api.db.selectFrom('user_preferences').select('settings').where('user_id', '=', person.userId).executeTakeFirst()

test('a user who changed nothing has the defaults, and nothing is stored', async () => {
  const person = await api.signUp()
  expect(await read(person)).toEqual(defaults)
  expect(await stored(person)).toBeUndefined()
})

test('PUT replaces all preferences, stores only what differs from the defaults, and is audited', async () => {
  const person = await api.signUp()
  const changed = {
    ...defaults,
    hourBefore: false,
    notifications: { ...defaults.notifications, chat: { inApp: true, email: false } },
  }
  const answer = await person.inject('PUT', path, changed)
  expect([answer.statusCode, answer.json().data.preferences]).toEqual([200, changed])
  expect(await read(person)).toEqual(changed)
  expect(await stored(person)).toEqual({ settings: { hourBefore: false, notifications: { chat: { email: false } } } })

  await person.inject('PUT', path, { notifications: { chat: { inApp: false } } })
  expect(await read(person)).toEqual({
    ...defaults,
    notifications: { ...defaults.notifications, chat: { inApp: false, email: true } },
  })
  const events = await api.db
    .selectFrom('audit_pending')
    .select(['before', 'after'])
    .where('action', '=', 'user.preferences_changed')
    .where('target_id', '=', person.userId)
    .orderBy('id')
    .execute()
  expect(events).toEqual([
    { before: {}, after: { hourBefore: false, notifications: { chat: { email: false } } } },
    {
      before: { hourBefore: false, notifications: { chat: { email: false } } },
      after: { notifications: { chat: { inApp: false } } },
    },
  ])
})

test('security alerts by mail can not be turned off', async () => {
  const person = await api.signUp()
  const answer = await person.inject('PUT', path, { notifications: { security: { inApp: false, email: false } } })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().error.details).toEqual([
    { path: 'body.notifications.security.email', message: expect.stringMatching(/can not be turned off/) },
  ])
  expect((await person.inject('PUT', path, { notifications: { security: { inApp: false } } })).statusCode).toBe(200)
})

test.each([
  ['an unknown key', { theme: 'dark' }],
  ['an unknown type', { notifications: { weather: { inApp: true, email: true } } }],
  ['an unknown channel', { notifications: { chat: { sms: true } } }],
  ['a value that is no boolean', { morningDigest: 'yes' }],
  ['a list', []],
])('%s is refused', async (_name, body) => {
  const person = await api.signUp()
  const answer = await person.inject('PUT', path, body)
  expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'VALIDATION_FAILED'])
  expect(await stored(person)).toBeUndefined()
})

test('stored settings that only another release knows are ignored', async () => {
  const person = await api.signUp()
  const settings = JSON.stringify({
    weekly: true,
    hourBefore: false,
    morningDigest: 'odd',
    notifications: { chat: null },
  })
  await api.db
    .insertInto('user_preferences')
    .values({ user_id: person.userId, settings, updated_at: new Date() })
    .execute()
  expect(await read(person)).toEqual({ ...defaults, hourBefore: false })
})

test('of preferences saved at once, one request’s remain as a whole', async () => {
  const person = await api.signUp()
  const bodies = Array.from({ length: 20 }, (_, index) => ({
    hourBefore: index % 2 === 0,
    morningDigest: index % 2 === 0,
  }))
  const answers = await Promise.all(bodies.map((body) => person.inject('PUT', path, body)))
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
  const { hourBefore, morningDigest } = await read(person)
  expect(hourBefore).toBe(morningDigest)
})
