import { checkKeyRings } from '@muster/keys'
import { seal } from '@muster/security/seal'
import { newTotpSecret } from '@muster/security/totp'
import { insertUser } from '@muster/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ringsOf } from '../config.ts'
import { eventsOf } from '../modules/admin/testing/admin-fixtures.ts'
import { chainEvents } from '../modules/audit/testing/audit-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'
import { muster, ringText } from './testing/cli-fixtures.ts'

let api: TestApp
beforeEach(async () => {
  api = await buildTestApp()
})
afterEach(() => api.close())

/** Checks the rings as the start of an API process does: those of the test's app, or others. */
const start = (rings: Partial<ReturnType<typeof ringsOf>> = {}) =>
  checkKeyRings(api.deps, { ...ringsOf(api.deps.config), ...rings })
const ringOf = (keys: Record<string, number>) => ({
  currentId: Object.keys(keys)[0] as string,
  keys: new Map(Object.entries(keys).map(([id, fill]) => [id, Buffer.alloc(32, fill)])),
})
const audit = (args: string, keys: Record<string, number>) => muster(api, args, { env: { AUDIT_KEYS: ringText(keys) } })

test('before any key is recorded, the newest events reveal a wrong audit key', async () => {
  await chainEvents(api, 200)
  await expect(start({ AUDIT_KEYS: ringOf({ k1: 70 }) })).rejects.toThrow(/AUDIT_KEYS: the key "k1" is not the one/)
  await expect(start({ AUDIT_KEYS: ringOf({ k2: 70 }) })).rejects.toThrow(/AUDIT_KEYS: the key "k1" is missing/)
  await start()
})

test('a forgotten audit key is accepted again, but not another key with its id', async () => {
  await chainEvents(api, 3)
  await start()
  expect((await audit('keys forget AUDIT_KEYS k1', { k1: 7 })).code).toBe(0)
  await expect(start({ AUDIT_KEYS: ringOf({ k1: 70 }) })).rejects.toThrow(/"k1" is not the one/)
  await start({ AUDIT_KEYS: ringOf({ k2: 70 }) })
  await start({ AUDIT_KEYS: ringOf({ k2: 70, k1: 7 }) })
  expect(await eventsOf(api, 'key.forgotten', 'AUDIT_KEYS k1')).toMatchObject([{ after: { by: 'operator' } }])
})

test('an unknown key cannot be forgotten, which catches typing errors', async () => {
  await chainEvents(api, 1)
  const { code, stderr } = await audit('keys forget AUDIT_KEYS k11', { k1: 7 })
  expect([code, stderr]).toEqual([1, expect.stringMatching(/"k11" of AUDIT_KEYS.*keys check/)])
  expect(await eventsOf(api, 'key.forgotten', 'AUDIT_KEYS k11')).toEqual([])
})

test.for([
  ['another key under the id', { k1: 70 }],
  ['a ring that lacks the key', { k2: 70 }],
] as const)('audit verify with %s says so in one line', async ([, keys]) => {
  await chainEvents(api, 1_000)
  const { code, stdout } = await audit('audit verify', keys)
  expect([code, stdout.trim().split('\n').length]).toEqual([1, 1])
  expect(stdout).toMatch(/^AUDIT_KEYS: the key "k1"/)
})

test('keys check names each key, which rows need it and which key does not fit', async () => {
  const env = {
    ACCESS_TOKEN_KEYS: ringText({ k1: 1 }),
    REFRESH_TOKEN_KEYS: ringText({ k1: 2 }),
    PASSWORD_KEYS: ringText({ k1: 3 }),
    MAIL_CODE_KEYS: ringText({ k1: 4 }),
    COOKIE_KEYS: ringText({ k1: 5 }),
    ENCRYPTION_KEYS: ringText({ k1: 6 }),
    AUDIT_KEYS: ringText({ k1: 7 }),
  }
  await chainEvents(api, 5)
  await start()
  const well = await muster(api, 'keys check', { env })
  expect([well.code, well.stdout]).toEqual([
    0,
    expect.stringMatching(/AUDIT_KEYS +k1 +current +needed by 5 rows of audit_events/),
  ])
  await insertUser(api.db, { password_hash: 'k9$x' })
  const wrong = await muster(api, 'keys check', {
    env: { ...env, ENCRYPTION_KEYS: ringText({ k1: 66 }), COOKIE_KEYS: ringText({ k2: 50, k1: 5 }) },
  })
  expect(wrong.code).toBe(1)
  expect(wrong.stdout).toMatch(/PASSWORD_KEYS +k9 +MISSING +needed by 1 rows of users/)
  expect(wrong.stdout).toMatch(/ENCRYPTION_KEYS +k1 +DOES NOT FIT/)
  expect(wrong.stdout).toMatch(/COOKIE_KEYS +k1 +still needed/)
})

test('commands that write with a key refuse a wrong key before they write', async () => {
  await start()
  const created = await muster(api, 'admin create --email root@example.test', {
    env: { PASSWORD_KEYS: ringText({ k1: 33 }) },
    input: 'Correct-horse-battery-1',
  })
  expect([created.code, created.stderr]).toEqual([1, expect.stringContaining('PASSWORD_KEYS: the key "k1"')])
  const { id } = await insertUser(api.db)
  const { keyId, sealed } = seal(ringOf({ k1: 6 }), newTotpSecret(), `totp:${id}`)
  const row = { id, user_id: id, key_id: keyId, sealed, confirmed_at: new Date(), created_at: new Date() }
  await api.db.insertInto('totp_secrets').values(row).execute()
  await start({ ENCRYPTION_KEYS: ringOf({ k2: 61, k1: 6 }) })
  const moved = await muster(api, 'keys re-encrypt', { env: { ENCRYPTION_KEYS: ringText({ k2: 62, k1: 6 }) } })
  expect([moved.code, moved.stderr]).toEqual([1, expect.stringContaining('ENCRYPTION_KEYS: the key "k2"')])
  expect(await api.db.selectFrom('totp_secrets').select('key_id').execute()).toEqual([{ key_id: 'k1' }])
})

test('a key in two rings is refused by name, and a new one can still be generated', async () => {
  const env = { COOKIE_KEYS: ringText({ k1: 5 }), AUDIT_KEYS: ringText({ k4: 5 }) }
  const checked = await muster(api, 'keys check', { env })
  expect([checked.code, checked.stderr]).toEqual([1, expect.stringMatching(/AUDIT_KEYS: .*COOKIE_KEYS/)])
  expect((await muster(api, 'keys new', { env })).stdout).toMatch(/^k5:/)
})

test('a password hashed with a missing key is refused like a wrong password', async () => {
  const { email } = await api.signUp()
  await api.db.updateTable('users').set({ password_hash: 'k0$2b$04$x' }).where('email', '=', email).execute()
  const { statusCode } = await api
    .connect()
    .inject('POST', '/api/v1/auth/login', { email, password: 'Correct-horse-1' })
  expect(statusCode).toBe(401)
})
