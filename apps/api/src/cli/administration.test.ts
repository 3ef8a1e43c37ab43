import { profileKey } from '@muster/cache'
import { newId } from '@muster/db'
import { optimizeImage } from '@muster/jobs/definitions'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventsOf } from '../modules/admin/testing/admin-fixtures.ts'
import { auditOf, codeOf, login, mailsTo } from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { withTotp } from '../modules/two-factor/testing/two-factor-fixtures.ts'
import { buildTestApp, type TestApp, untilRevocationsAreFresh } from '../testing/test-app.ts'
import { muster as musterOf } from './testing/cli-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())
beforeEach(() => untilRevocationsAreFresh(api))

const muster = (args: string, env?: Record<string, string>) => musterOf(api, args, env && { env })
const json = async (args: string) => JSON.parse((await muster(`${args} --json`)).stdout)

describe('admin', () => {
  test('list shows all users with a platform role and no others', async () => {
    const admins = await Promise.all(
      (['super_admin', 'site_admin', 'operator'] as const).map((role) => api.signUp({ role })),
    )
    const member = await api.signUp()
    const { stdout } = await muster('admin list')
    for (const { userId } of admins) expect(stdout).toContain(userId)
    expect(stdout).not.toContain(member.userId)
    const { users } = await json('admin list')
    expect(users.map(({ id }: { id: string }) => id)).toEqual(admins.map(({ userId }) => userId))
  })

  test('reset-two-factor lets a user without app and recovery codes sign in, and mails them', async () => {
    const person = await withTotp(api, clock)
    expect((await login(api.connect(), person.email)).json().data.requiresTwoFactor).toBe(true)
    const { code, stdout } = await muster(`admin reset-two-factor ${person.email}`)
    expect([code, stdout]).toEqual([0, `${person.email} has no second factor any more.\n`])
    expect((await login(api.connect(), person.email)).json().data.requiresTwoFactor).toBe(false)
    expect(await api.db.selectFrom('recovery_codes').selectAll().where('user_id', '=', person.id).execute()).toEqual([])
    expect((await mailsTo(api, person.email)).at(-1)).toMatchObject({
      template: 'two-factor-changed',
      data: { change: 'off' },
    })
    const events = (await auditOf(api, person.id)).filter(({ action }) => action === 'auth.two_factor_disabled')
    expect(events).toMatchObject([{ actor_id: null, before: { twoFactorMethod: 'totp' }, after: { by: 'operator' } }])
    const again = await muster(`admin reset-two-factor ${person.username}`)
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('Nothing was changed')])
  })
})

describe('users', () => {
  test('show finds a user by id, e-mail and username, and is audited', async () => {
    const { userId, email } = await api.signUp()
    const username = email.split('@')[0] as string
    const runs = await Promise.all([userId, email.toUpperCase(), username].map((name) => muster(`users show ${name}`)))
    for (const { code, stdout } of runs) expect([code, stdout]).toEqual([0, expect.stringContaining(userId)])
    expect(await eventsOf(api, 'admin.user_read', userId)).toMatchObject(
      Array(3).fill({ actor_id: null, after: { by: 'operator' } }),
    )
    const nobody = await muster('users show nobody_at_all --json')
    expect([nobody.code, nobody.stdout, JSON.parse(nobody.stderr)]).toEqual([
      1,
      '',
      { error: { code: 'NOT_FOUND', message: expect.stringContaining('No user') } },
    ])
  })

  test('list searches, filters and pages', async () => {
    const { userId, email } = await api.signUp({ role: 'operator' })
    const { users, pagination } = await json(`users list --q ${email} --role operator --active true --limit 1`)
    expect([users.length, users[0].id, pagination.total]).toEqual([1, userId, 1])
    const wrong = await muster('users list --role king')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('role')])
  })

  test('deactivate ends sessions on the running API, reactivate undoes it, also for a super_admin', async () => {
    const person = await api.signUp({ role: 'super_admin' })
    expect((await json(`users deactivate ${person.email}`)).user).toMatchObject({ isActive: false })
    await eventually(async () => expect(codeOf(await person.inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED'))
    expect((await json(`users reactivate ${person.email}`)).user).toMatchObject({ isActive: true })
    expect(await eventsOf(api, 'user.deactivated', person.userId)).toMatchObject([{ actor_id: null }])
  })

  test('set-role, revoke-sessions and drop-cache reach the running API', async () => {
    const person = await api.signUp({ role: 'super_admin' })
    await person.inject('GET', '/api/v1/users/me')
    expect((await muster(`users set-role ${person.userId} operator`)).code).toBe(0)
    expect((await person.inject('GET', '/api/v1/users/me')).json().data.user.role).toBe('operator')
    expect(await api.redis.exists(profileKey(person.userId))).toBe(1)
    expect((await muster(`users drop-cache ${person.userId}`)).code).toBe(0)
    expect(await api.redis.exists(profileKey(person.userId))).toBe(0)
    expect(await json(`users revoke-sessions ${person.userId}`)).toEqual({ ended: 1 })
    await eventually(async () => expect(codeOf(await person.inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED'))
    const refused = await muster(`users set-role ${person.userId} client_user --json`)
    expect([refused.code, JSON.parse(refused.stderr).error.code]).toEqual([1, 'CONFLICT'])
  })

  test('deactivate works without Redis and warns about the cached profile', async () => {
    const person = await api.signUp()
    const { code, stderr } = await muster(`users deactivate ${person.email}`, { REDIS_URL: 'redis://127.0.0.1:1' })
    expect([code, stderr]).toEqual([0, expect.stringContaining('Redis is unavailable')])
    await eventually(async () => expect(codeOf(await person.inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED'))
  })
})

test('queues: failed jobs are counted, listed with control characters escaped, retried, discarded', async () => {
  const [first, second] = [newId(), newId()]
  const attachmentId = newId()
  const row = { queue: 'image', name: optimizeImage.name, failed_at: new Date(), error: 'of no\u001b[2J use' }
  const payload = JSON.stringify({ attachmentId })
  await api.db
    .insertInto('outbox')
    .values([first, second].map((id) => ({ ...row, id, payload })))
    .execute()
  const { queues } = await json('queues list')
  expect(queues).toContainEqual(expect.objectContaining({ name: 'image', failed: 2 }))
  const failed = await muster('queues failed image')
  expect([failed.code, failed.stdout]).toEqual([
    0,
    expect.stringMatching(new RegExp(`${second}.*of no\\\\u001b\\[2J use\n${first}`)),
  ])
  const { jobId } = await json(`queues retry image ${first}`)
  await eventually(async () => {
    const job = await (await api.deps.queueMonitor.queues()).get('image')?.getJob(jobId)
    expect(job?.data).toEqual({ attachmentId })
  })
  expect((await muster(`queues discard image ${second}`)).code).toBe(0)
  expect(await eventsOf(api, 'job.discarded', second)).toMatchObject([{ actor_id: null, after: { by: 'operator' } }])
  const again = await muster(`queues retry image ${first} --json`)
  expect([again.code, JSON.parse(again.stderr).error.code]).toEqual([1, 'CONFLICT'])
  expect((await muster('queues failed video')).code).toBe(2)
})

test('mail: list, show, resend; suppressions are listed and lifted by address', async () => {
  const { userId, email: to } = await api.signUp()
  const id = newId()
  const data = JSON.stringify({ name: 'Xanthippe' })
  const mail = { id, template: 'welcome', to_address: to, user_id: userId, data, status: 'failed', error: '550 no' }
  await api.db.insertInto('email_messages').values(mail).execute()
  const times = { started_at: new Date(), ended_at: new Date() }
  await api.db
    .insertInto('email_attempts')
    .values({ email_id: id, attempt: 1, outcome: 'retried', smtp_answer: '451 4.7.1 later', ...times })
    .execute()
  const suppression = { address: to, reason: 'No such mailbox.', smtp_answer: '550 5.1.1 no such user', email_id: id }
  await api.db.insertInto('email_suppressions').values(suppression).execute()

  const shown = await Promise.all(
    [`mail list --to ${to} --status failed`, `mail show ${id}`, 'mail suppressions'].map((args) => muster(args)),
  )
  for (const { code, stdout } of shown) {
    expect([code, stdout]).toEqual([0, expect.stringContaining(id)])
    expect(stdout).not.toContain('Xanthippe')
  }
  expect(shown[1]?.stdout).toContain('550 5.1.1 no such user')
  expect(shown[1]?.stdout).toMatch(/retried +451 4\.7\.1 later/)
  expect((await json(`mail suppressions --address ${to.toUpperCase()}`)).suppressions).toMatchObject([{ emailId: id }])
  const refused = await muster(`mail resend ${id} --json`)
  expect([refused.code, JSON.parse(refused.stderr).error.code]).toEqual([1, 'CONFLICT'])

  expect((await muster(`mail suppressions remove ${to.toUpperCase()}`)).code).toBe(0)
  const { email } = await json(`mail resend ${id}`)
  expect(email).toMatchObject({ to, status: 'queued' })
  const wrong = await Promise.all(
    [`mail suppressions remove ${to}`, `mail show ${newId()}`, 'mail show no-id', 'mail list --status lost'].map(
      (args) => muster(args),
    ),
  )
  expect(wrong.map(({ code }) => code)).toEqual([1, 1, 2, 2])
  const usage = await Promise.all(
    ['mail', 'mail suppressions remove', 'mail suppressions lift x'].map((args) => muster(args)),
  )
  expect(usage.map(({ code }) => code)).toEqual([2, 2, 2])
  for (const action of ['email.unsuppressed', 'email.resent'])
    expect((await eventsOf(api, action)).at(-1)).toMatchObject({ actor_id: null, after: { by: 'operator' } })
})

test('help goes to standard output with exit code 0; an unknown command exits with 2', async () => {
  const helps = await Promise.all(['--help', 'help', 'users --help', 'queues retry --help'].map((args) => muster(args)))
  for (const { code, stdout, stderr } of helps)
    expect([code, stdout, stderr]).toEqual([0, expect.stringContaining('muster [--env-file <path>] <command>'), ''])
  expect(helps[0]?.stdout).toMatch(/keys new[\s\S]+admin create[\s\S]+users list[\s\S]+queues discard/)
  expect(helps[2]?.stdout).not.toContain('keys new')
  const wrong = await Promise.all(
    ['users', 'users eat', 'users show', 'users show a b', 'queues retry image', 'users list --colour red'].map(
      (args) => muster(args),
    ),
  )
  for (const { code, stdout, stderr } of wrong) expect([code, stdout, stderr.length > 20]).toEqual([2, '', true])
})
