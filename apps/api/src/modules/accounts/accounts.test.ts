import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { ensureBootstrapAdmin } from '../admin/create-super-admin.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp({ config: { bootstrapAdmin: { email: 'root@example.test', password: 'F1rst-Password' } } })
})
afterAll(() => api.close())

const me = '/api/v1/users/me'
const codeOf = (answer: { json(): { error: { code: string } } }) => answer.json().error.code

test('a change of a cached profile shows at the next read', async () => {
  const user = await api.signUp()
  await user.inject('GET', me)
  expect(await api.redis.exists(`user:profile:v1:${user.userId}`)).toBe(1)
  const changed = await user.inject('PATCH', me, { name: 'New Name', bio: null, timezone: 'America/Lima' })
  expect(changed.statusCode).toBe(200)
  expect((await user.inject('GET', me)).json().data.user).toMatchObject({
    name: 'New Name',
    bio: null,
    timezone: 'America/Lima',
  })
})

test.each([
  ['europe/berlin', 'Europe/Berlin'],
  ['ASIA/KOLKATA', 'Asia/Kolkata'],
  ['Europe/Kyiv', 'Europe/Kyiv'],
  ['europe/kiev', 'Europe/Kyiv'],
  ['Asia/Calcutta', 'Asia/Kolkata'],
  ['Europe/Amsterdam', 'Europe/Amsterdam'],
  ['US/Eastern', 'America/New_York'],
  ['EST5EDT', 'America/New_York'],
  ['CET', 'Europe/Brussels'],
  ['EET', 'Europe/Athens'],
  ['HST', 'Pacific/Honolulu'],
  ['gmt0', 'UTC'],
  ['Etc/GMT+5', 'Etc/GMT+5'],
])('the time zone %s is stored as %s', async (timezone, kept) => {
  const user = await api.signUp()
  expect((await user.inject('PATCH', me, { timezone })).json().data.user.timezone).toBe(kept)
})

const noZones = ['+01:00', '-0500', 'UTC+1', 'GMT+5', 'EST5', 'IST', 'SystemV/AST4', 'Factory', 'localtime']

test.each([...noZones, 'Mars/Olympus', 'Europe/Berlin\u0000', ' Europe/Berlin', 'Europe/\u212Ayiv', ''])(
  '%j is refused as a time zone',
  async (timezone) => {
    const answer = await (await api.signUp()).inject('PATCH', me, { timezone })
    expect(answer.json().error.details).toEqual([
      {
        path: 'body.timezone',
        code: 'INVALID_TIME_ZONE',
        params: { example: 'Europe/Berlin' },
        message: expect.stringContaining('IANA time zone'),
      },
    ])
  },
)

test('the profile is the same without Redis', async () => {
  const user = await api.signUp()
  const userOf = async () => ({ ...(await user.inject('GET', me)).json().data.user, lastSeenAt: null })
  const cached = (await userOf()) && (await userOf())
  await api.redis.del(`user:profile:v1:${user.userId}`)
  expect(await userOf()).toEqual(cached)
})

test('a read with the current ETag gets 304, a change with an older one 412', async () => {
  const user = await api.signUp()
  const etag = (await user.inject('GET', me)).headers.etag as string
  const unchanged = await user.inject('GET', me, undefined, { 'if-none-match': `W/${etag}` })
  expect([unchanged.statusCode, unchanged.body]).toEqual([304, ''])
  const [one, two] = await Promise.all(
    ['one', 'two'].map((bio) => user.inject('PATCH', me, { bio }, { 'if-match': etag })),
  )
  expect([one?.statusCode, two?.statusCode].sort()).toEqual([200, 412])
})

test('a username of another user is refused, in any case of letters', async () => {
  const [one, other] = [await api.signUp(), await api.signUp()]
  const taken = (await other.inject('GET', me)).json().data.user.username
  expect(codeOf(await one.inject('PATCH', me, { username: taken.toUpperCase() }))).toBe('USERNAME_TAKEN')
})

test('a patch cannot set the role, the e-mail or other fields that are not of the profile', async () => {
  const user = await api.signUp()
  for (const body of [{ role: 'super_admin' }, { email: 'other@example.test' }, { isActive: true }, {}]) {
    expect(codeOf(await user.inject('PATCH', me, body))).toBe('VALIDATION_FAILED')
  }
})

test('five processes that start at once create one first super admin, whose password is kept later', async () => {
  await Promise.all(Array.from({ length: 5 }, () => ensureBootstrapAdmin(api.deps)))
  const admins = () =>
    api.db.selectFrom('users').select(['id', 'password_hash']).where('role', '=', 'super_admin').execute()
  expect(await admins()).toHaveLength(1)
  await api.db.updateTable('users').set({ password_hash: 'changed' }).where('role', '=', 'super_admin').execute()
  await ensureBootstrapAdmin(api.deps)
  expect(await admins()).toMatchObject([{ password_hash: 'changed' }])
})
