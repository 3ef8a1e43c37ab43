import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const path = '/api/v1/users/me/preferences'
const defaults = {
  morningDigest: true,
  hourBefore: true,
  receipts: true,
  presence: true,
  mentionsPassMute: true,
  quietHours: null,
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
const read = async (user: TestUser) => (await user.inject('GET', path)).json().data.preferences
const stored = (user: TestUser) =>
  api.db.selectFrom('user_preferences').select('settings').where('user_id', '=', user.userId).executeTakeFirst()

test('a user who changed nothing has the defaults, and nothing is stored', async () => {
  const user = await api.signUp()
  expect(await read(user)).toEqual(defaults)
  expect(await stored(user)).toBeUndefined()
})

test('PUT replaces all preferences, stores only what differs from the defaults, and is audited', async () => {
  const user = await api.signUp()
  const changed = {
    ...defaults,
    hourBefore: false,
    notifications: { ...defaults.notifications, chat: { inApp: true, email: false } },
  }
  const answer = await user.inject('PUT', path, changed)
  expect([answer.statusCode, answer.json().data.preferences]).toEqual([200, changed])
  expect(await read(user)).toEqual(changed)
  expect(await stored(user)).toEqual({ settings: { hourBefore: false, notifications: { chat: { email: false } } } })

  await user.inject('PUT', path, { notifications: { chat: { inApp: false } } })
  expect(await read(user)).toEqual({
    ...defaults,
    notifications: { ...defaults.notifications, chat: { inApp: false, email: true } },
  })
  const events = await api.db
    .selectFrom('audit_pending')
    .select(['before', 'after'])
    .where('action', '=', 'user.preferences_changed')
    .where('target_id', '=', user.userId)
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

test('security alerts by mail cannot be turned off', async () => {
  const user = await api.signUp()
  const answer = await user.inject('PUT', path, { notifications: { security: { inApp: false, email: false } } })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().error.details).toEqual([
    {
      path: 'body.notifications.security.email',
      code: 'NOT_ONE_OF',
      params: { options: [true] },
      message: expect.stringMatching(/cannot be turned off/),
    },
  ])
  expect((await user.inject('PUT', path, { notifications: { security: { inApp: false } } })).statusCode).toBe(200)
})

test.each([
  ['an unknown key', { theme: 'dark' }],
  ['an unknown type', { notifications: { weather: { inApp: true, email: true } } }],
  ['an unknown channel', { notifications: { chat: { sms: true } } }],
  ['a value that is no boolean', { morningDigest: 'yes' }],
  ['a list', []],
  ['quiet hours without an end', { quietHours: { from: '22:00' } }],
  ['quiet hours with seconds', { quietHours: { from: '22:00:00', to: '07:00' } }],
  ['an hour that no day has', { quietHours: { from: '24:00', to: '07:00' } }],
  ['quiet hours that last no time or all day', { quietHours: { from: '22:00', to: '22:00' } }],
  ['quiet hours of one day', { quietHours: { from: '22:00', to: '07:00', day: 'monday' } }],
])('%s is refused', async (_name, body) => {
  const user = await api.signUp()
  const answer = await user.inject('PUT', path, body)
  expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'VALIDATION_FAILED'])
  expect(await stored(user)).toBeUndefined()
})

test('quiet hours are kept until they are left out or null, and switches are stored when off', async () => {
  const user = await api.signUp()
  const chosen = { quietHours: { from: '22:00', to: '07:30' }, receipts: false, presence: false }
  const answer = await user.inject('PUT', path, chosen)
  expect(answer.json().data.preferences).toEqual({ ...defaults, ...chosen })
  expect(await read(user)).toEqual({ ...defaults, ...chosen })
  expect(await stored(user)).toEqual({ settings: chosen })
  expect((await user.inject('PUT', path, { quietHours: null })).statusCode).toBe(200)
  expect(await stored(user)).toEqual({ settings: {} })
})

test('stored settings that only another release knows are ignored', async () => {
  const user = await api.signUp()
  const settings = JSON.stringify({
    weekly: true,
    hourBefore: false,
    morningDigest: 'odd',
    presence: 'hidden',
    quietHours: { from: '22:00', to: 7 },
    notifications: { chat: null },
  })
  await api.db
    .insertInto('user_preferences')
    .values({ user_id: user.userId, settings, updated_at: new Date() })
    .execute()
  expect(await read(user)).toEqual({ ...defaults, hourBefore: false })
})

test('of preferences saved at once, one request’s remain as a whole', async () => {
  const user = await api.signUp()
  const bodies = Array.from({ length: 20 }, (_, index) => ({
    hourBefore: index % 2 === 0,
    morningDigest: index % 2 === 0,
  }))
  const answers = await Promise.all(bodies.map((body) => user.inject('PUT', path, body)))
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
  const { hourBefore, morningDigest } = await read(user)
  expect(hourBefore).toBe(morningDigest)
})
