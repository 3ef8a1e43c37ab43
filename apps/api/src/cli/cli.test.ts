import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { maxConnectionsOf } from '@muster/db'
import { seal } from '@muster/security/seal'
import { newTotpSecret, totpCode } from '@muster/security/totp'
import { eventually, insertUser, type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { createDeps } from '../deps.ts'
import { login, password, registered } from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { reEncrypt } from '../modules/two-factor/re-encrypt.ts'
import { fromBase32, setUpTotp, withTotp } from '../modules/two-factor/testing/two-factor-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'
import { muster as musterOf, ringText as text } from './testing/cli-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const muster = (args: string, given?: Parameters<typeof musterOf>[2]) => musterOf(api, args, given)

const ringOf = (ids: Record<string, number>) => ({
  currentId: Object.keys(ids)[0] as string,
  keys: new Map(Object.entries(ids).map(([id, fill]) => [id, Buffer.alloc(32, fill)])),
})

const keyIdsOf = async (db = api.db) =>
  (await db.selectFrom('totp_secrets').select('key_id').distinct().orderBy('key_id').execute()).map(
    ({ key_id: keyId }) => keyId,
  )

/** Inserts users with an authenticator app, sealed with the current key. */
async function insertSealed(count: number, ids: Record<string, number>) {
  for (let index = 0; index < count; index++) {
    const { id } = await insertUser(api.db)
    const { keyId, sealed } = seal(ringOf(ids), newTotpSecret(), `totp:${id}`)
    const row = { id, user_id: id, key_id: keyId, sealed, confirmed_at: new Date(), created_at: new Date() }
    await api.db.insertInto('totp_secrets').values(row).execute()
  }
}

test('--version prints the same release as the health check', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../../../package.json', import.meta.url), 'utf8'))
  const { stdout } = await muster('--version')
  const health = (await api.connect().inject('GET', '/health')).json()
  expect([stdout, health.version]).toEqual([`${version}\n`, version])
})

test('connections adds up all processes, and fails when Postgres allows fewer', async () => {
  const few = await muster('connections --api 2 --email-worker 3 --json')
  const { needed, pgbouncer } = JSON.parse(few.stdout)
  // Three APIs, four email workers and two of each other worker, each with a pool of 10, and 6 to spare.
  expect([few.code, needed.maxConnections]).toEqual([0, 3 * (10 + 6) + 10 * 10 + 6])
  expect(pgbouncer.max_client_conn).toBeGreaterThan(needed.maxConnections)
  const many = await muster('connections --api 100')
  expect(many.code).toBe(1)
  expect(many.stdout).toMatch(/The Postgres of this environment allows \d+/)
  const wrong = await muster('connections --api all')
  expect([wrong.code, wrong.stderr]).toEqual([2, 'api: is not a number\n'])
  const guide = (name: string) => readFile(new URL(`../../../../docs/${name}.md`, import.meta.url), 'utf8')
  const each = maxConnectionsOf('api', { poolMax: 0, pooler: 'session' })
  expect(await guide('operate')).toContain(`An API opens at most \`DATABASE_POOL_MAX\` + ${each} connections`)
  expect(await guide('watch')).toContain(`each API needs \`DATABASE_POOL_MAX\` + ${each}, each worker`)
})

describe('keys', () => {
  test('new generates a key that fits any ring, with an unused id', async () => {
    const { code, stdout } = await muster('keys new', { env: { COOKIE_KEYS: text({ k7: 1, k2: 2 }) } })
    expect(code).toBe(0)
    const [, id, base64 = ''] = /^(\w+):(\S+)\n$/.exec(stdout) ?? []
    expect([id, Buffer.from(base64, 'base64').length]).toEqual(['k8', 32])
    expect((await muster('keys new')).stdout).not.toBe(stdout)
    const file = join(await mkdtemp(join(tmpdir(), 'muster-keys-')), 'ring')
    await writeFile(file, `${text({ k41: 3 })}\n`)
    expect((await muster('keys new', { env: { COOKIE_KEYS_FILE: file } })).stdout).toMatch(/^k42:/)
  })

  test('list shows the keys of each ring and how much they seal, and fails when one is missing', async () => {
    await insertSealed(2, { k1: 6 })
    const rings = { ENCRYPTION_KEYS: text({ k2: 60, k1: 6 }), AUDIT_KEYS: text({ a: 1 }) }
    const all = await muster('keys list', { env: rings })
    expect(all.code).toBe(0)
    expect(all.stdout).toMatch(/^ENCRYPTION_KEYS +k2 \(current\), k1$/m)
    expect(all.stdout).toMatch(/^AUDIT_KEYS +a \(current\)$/m)
    expect(all.stdout).toMatch(/^COOKIE_KEYS +not set here$/m)
    expect(all.stdout).toMatch(/\n\nSecrets of authenticator apps/)
    expect(all.stdout).toMatch(/^ {2}k1 +2$/m)
    for (const fill of [6, 60]) expect(all.stdout).not.toContain(Buffer.alloc(32, fill).toString('base64'))
    const lost = await muster('keys list', { env: { ENCRYPTION_KEYS: text({ k2: 60 }) } })
    expect([lost.code, lost.stdout]).toEqual([1, expect.stringMatching(/k1 +2 +NOT IN THE RING/)])
  })

  test('a malformed ring is named without its value', async () => {
    const { code, stderr } = await muster('keys list', { env: { COOKIE_KEYS: 'k1:S3cret' } })
    expect(code).toBe(1)
    expect(stderr).toContain('COOKIE_KEYS')
    expect(stderr).not.toContain('S3cret')
  })

  test('re-encrypt moves every secret to the current key, even twice at once beside a running API', async () => {
    const person = await withTotp(api, clock)
    const beginner = await registered(api)
    const setup = (await setUpTotp(beginner.client)).json().data
    await insertSealed(30, { k1: 6 })
    const env = { ENCRYPTION_KEYS: text({ k2: 60, k1: 6 }) }
    const config = { ...api.deps.config, keys: { ...api.deps.config.keys, encryption: ringOf({ k2: 60, k1: 6 }) } }
    const { close, ...deps } = createDeps(config, api.deps.log, clock)
    const rotated = await buildApp(deps)
    const post = (url: string, payload: object) => rotated.inject({ method: 'POST', url, payload })
    const signIn = async () => {
      clock.advance(30_000)
      const { challengeToken } = (await post('/api/v1/auth/login', { email: person.email, password })).json().data
      return (await post('/api/v1/auth/two-factor/verify', { challengeToken, code: person.app.code() })).statusCode
    }
    const [one, other, during] = await Promise.all([
      muster('keys re-encrypt', { env }),
      muster('keys re-encrypt', { env }),
      signIn(),
    ])
    expect([one.code, other.code, during]).toEqual([0, 0, 200])
    const moved = [one, other].map(({ stdout }) => Number(/^(\d+) sealed anew with k2/.exec(stdout)?.[1]))
    expect((moved[0] as number) + (moved[1] as number)).toBeGreaterThanOrEqual(32)
    expect(await keyIdsOf()).toEqual(['k2'])
    expect((await muster('keys re-encrypt', { env })).stdout).toBe('0 sealed anew with k2.\n')
    await rotated.close()
    await close()

    const alone = { ...api.deps.config, keys: { ...api.deps.config.keys, encryption: ringOf({ k2: 60 }) } }
    const later = createDeps(alone, api.deps.log, clock)
    const app = await buildApp(later)
    clock.advance(30_000)
    const inject = (url: string, payload: object, cookies = {}) => app.inject({ method: 'POST', url, payload, cookies })
    const begun = await inject('/api/v1/auth/login', { email: person.email, password })
    const { challengeToken } = begun.json().data
    const verified = await inject('/api/v1/auth/two-factor/verify', { challengeToken, code: person.app.code() })
    expect(verified.statusCode).toBe(200)
    // A setup that had begun can be completed as well.
    const secret = fromBase32(setup.secret)
    const cookies = Object.fromEntries(beginner.client.cookies)
    await later.revocations.loaded
    const confirmed = await inject(
      '/api/v1/auth/two-factor/totp/confirm',
      { code: totpCode(secret, clock.now()) },
      cookies,
    )
    expect(confirmed.statusCode).toBe(200)
    await app.close()
    await later.close()
  })

  test('re-encrypt continues after an interruption and reports secrets that it cannot decrypt', async () => {
    await insertSealed(7, { k8: 80 })
    await insertSealed(2, { lost: 99 })
    const ring = ringOf({ k9: 90, k8: 80, k2: 60, k1: 6 })
    const interrupted = reEncrypt(api.db, ring, {
      batchSize: 3,
      onBatch: (moved) => {
        if (moved >= 3) throw new Error('interrupted')
      },
    })
    await expect(interrupted).rejects.toThrow('interrupted')
    expect(await keyIdsOf()).toContain('k9')
    expect((await reEncrypt(api.db, ring, { batchSize: 3 })).unreadable).toBe(2)
    expect(await keyIdsOf()).toEqual(['k9', 'lost'])
    const told = await muster('keys re-encrypt', { env: { ENCRYPTION_KEYS: text({ k9: 90 }) } })
    expect([told.code, told.stdout]).toEqual([1, expect.stringContaining('2 could not be opened')])
  })

  test('re-encrypt does not overwrite a secret that was replaced while it ran', async () => {
    await api.db.deleteFrom('totp_secrets').execute()
    await insertSealed(1, { k1: 6 })
    const ring = ringOf({ k2: 60, k1: 6 })
    const { user_id: userId } = await api.db.selectFrom('totp_secrets').select('user_id').executeTakeFirstOrThrow()
    const { sealed } = seal(ringOf({ k1: 6 }), newTotpSecret(), `totp:${userId}`)
    const trx = await api.db.startTransaction().execute()
    await trx.updateTable('totp_secrets').set({ sealed }).execute()
    const running = reEncrypt(api.db, ring)
    await Promise.race([running, eventually(waitsForLock)])
    await trx.commit().execute()
    expect((await running).moved).toBe(0)
    expect(await api.db.selectFrom('totp_secrets').select(['key_id', 'sealed']).execute()).toEqual([
      { key_id: 'k1', sealed },
    ])
    expect((await reEncrypt(api.db, ring)).moved).toBe(1)
  })
})

describe('admin create', () => {
  test('refuses a password that is not UTF-8', async () => {
    const input = Buffer.from('Stra\u00dfe-Nummer-7\n', 'latin1')
    const { code, stderr } = await muster('admin create --email latin@example.test', { input })
    expect([code, stderr]).toEqual([1, expect.stringContaining('not UTF-8')])
    expect(await api.db.selectFrom('users').select('id').where('email', '=', 'latin@example.test').execute()).toEqual(
      [],
    )
  })

  test('refuses an address with look-alike characters, as other commands do', async () => {
    await muster('admin create --email mike.stone@example.test')
    const disguise = 'mi\u212Ae.stone@example.test'
    for (const command of [
      `admin create --email ${disguise}`,
      `users show ${disguise}`,
      `users deactivate ${disguise}`,
    ]) {
      expect([command, (await muster(command)).code]).toEqual([command, command.startsWith('admin') ? 2 : 1])
    }
    expect((await muster('users show MIKE.Stone@example.test')).code).toBe(0)
  })

  const adminsWith = (email: string) => api.db.selectFrom('users').selectAll().where('email', '=', email).execute()

  test('creates a super admin with the password from standard input; again it changes nothing', async () => {
    const args = 'admin create --email Root@Example.test --name Root'
    const made = await muster(args, { input: 'F1rst-Password\n' })
    expect([made.code, made.stdout]).toEqual([0, 'root@example.test is a super admin.\n'])
    expect((await login(api.connect(), 'root@example.test', 'F1rst-Password')).json().data.user).toMatchObject({
      name: 'Root',
      role: 'super_admin',
      organizationId: null,
    })
    const before = await adminsWith('root@example.test')
    const again = await muster(args, { input: 'An0ther-Password\n' })
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('Nothing was changed')])
    expect(await adminsWith('root@example.test')).toEqual(before)
    const audit = await api.db
      .selectFrom('audit_pending')
      .selectAll()
      .where('target_id', '=', before[0]?.id as string)
      .execute()
    expect(audit).toMatchObject([{ action: 'user.created', after: { role: 'super_admin', by: 'operator' } }])
    expect(JSON.stringify(audit)).not.toContain('F1rst-Password')
  })

  test('generates and prints a password when none is given', async () => {
    const { stdout } = await muster('admin create --email second@example.test')
    const [, made = ''] = /^Password: (\S+)$/m.exec(stdout) ?? []
    expect((await login(api.connect(), 'second@example.test', made)).statusCode).toBe(200)
  })

  test('run three times at once creates one', async () => {
    const runs = await Promise.all(Array.from({ length: 3 }, () => muster('admin create --email third@example.test')))
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(runs.filter(({ stdout }) => stdout.includes('Password: '))).toHaveLength(1)
    expect(await adminsWith('third@example.test')).toHaveLength(1)
  })

  test('refuses a weak password, an invalid address and the address of another user', async () => {
    const { email } = await registered(api)
    const runs = await Promise.all([
      muster('admin create --email weak@example.test', { input: 'password1' }),
      muster('admin create --email nonsense'),
      muster(`admin create --email ${email}`),
      muster('admin create'),
    ])
    expect(runs.map(({ code }) => code)).toEqual([1, 2, 1, 2])
    expect(runs[0]?.stderr).toContain('must contain an upper-case letter')
    expect(runs[1]?.stderr).toContain('email')
    expect(runs[2]?.stderr).toContain('no super admin')
    expect(await adminsWith('weak@example.test')).toEqual([])
  })
})

test('an unknown command is refused in a sentence that names those there are', async () => {
  const [unknown, other, option] = await Promise.all(
    ['keys', 'nonsense', 'keys list --wrong'].map((words) => muster(words)),
  )
  expect([unknown?.code, unknown?.stderr]).toEqual([2, expect.stringMatching(/no command `keys`.*keys check/)])
  expect([other?.code, other?.stderr]).toEqual([2, expect.stringMatching(/no command `nonsense`.*migrate.*doctor/)])
  expect([option?.code, option?.stderr]).toEqual([2, expect.stringContaining('--wrong')])
})

test('wrong usage exits with 2 wherever it is noticed, and a wrong word is told what was meant', async () => {
  const wrong: [string, RegExp][] = [
    ['statsu', /^There is no command `statsu`\. Did you mean `muster status`\? `muster --help` lists all commands\.$/m],
    ['mail shwo 1', /Did you mean `muster mail show`\?/],
    ['mails list', /Did you mean `muster mail list`\?/],
    ['apii', /Did you mean `muster api`\?/],
    ['zzzzzzzz', /^There is no command `zzzzzzzz`\. There are: /],
    ['mail show 1', /id/],
    ['queues failed mails', /name/],
    ['status --interval x', /interval/],
    ['release --drop-mails all', /--drop-mails/],
  ]
  const runs = await Promise.all(wrong.map(([args]) => muster(args)))
  for (const [index, { code, stdout, stderr }] of runs.entries())
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(wrong[index]?.[1] as RegExp)])
})

async function waitsForLock() {
  const { rows } = await sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(api.db)
  if (rows.length === 0) throw new Error('Nothing waits.')
}
