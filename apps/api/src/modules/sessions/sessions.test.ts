import { newId } from '@muster/db'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { attachTo, makeTask } from '../attachments/testing/upload-fixtures.ts'

const minuteMs = 60_000

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const tokenOf = (user: TestUser) => user.cookies.get('muster_rt') as string
const codeOf = (answer: { json(): { error: { code: string } } }) => answer.json().error.code
const sessionRow = (user: TestUser) =>
  api.db.selectFrom('sessions').selectAll().where('id', '=', user.sessionId).executeTakeFirstOrThrow()

describe('access', () => {
  test('any route renews an expired access token within the same request', async () => {
    const user = await api.signUp()
    clock.advance(16 * minuteMs)
    const before = user.cookies.get('muster_at')
    const answer = await user.inject('GET', '/api/v1/users/me')
    expect(answer.statusCode).toBe(200)
    expect(user.cookies.get('muster_at')).not.toBe(before)
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test.each([
    ['GET', `/api/v1/tasks/${newId()}`, 404],
    ['GET', '/api/v1/tasks/nonsense', 400],
    ['POST', '/api/v1/tasks', 400],
    ['GET', '/api/v1/admin/audit-events', 403],
  ] as const)('an error response carries renewed cookies too: %s %s', async (method, url, status) => {
    const user = await api.signUp()
    clock.advance(16 * minuteMs)
    const before = new Map(user.cookies)
    const answer = await user.inject(method, url)
    expect(answer.statusCode).toBe(status)
    expect(answer.cookies.map(({ name }) => name).sort()).toEqual(['muster_at', 'muster_rt'])
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(user.cookies.get('muster_rt')).not.toBe(before.get('muster_rt'))
    expect((await user.inject('GET', '/api/v1/users/me')).cookies).toEqual([])
  })

  test('a file response that renews cookies may not be cached', async () => {
    const user = await api.signUp()
    await api.listen()
    const { id } = await attachTo({ user, task: await makeTask(user) }, 'notes.txt', 'Some text')
    const read = () => user.inject('GET', `/api/v1/attachments/${id}/content`)
    expect((await read()).headers['cache-control']).toContain('private')
    clock.advance(16 * minuteMs)
    const renewed = await read()
    expect([renewed.cookies.length, renewed.headers['cache-control']]).toEqual([2, 'no-store'])
  })

  test('a request that is refused for its session sets no cookies', async () => {
    const user = await api.signUp()
    const other = api.connect(new Map(user.cookies))
    await user.inject('POST', '/api/v1/auth/logout')
    for (const minutes of [0, 16]) {
      clock.advance(minutes * minuteMs)
      const answer = await other.inject('GET', '/api/v1/users/me')
      expect([answer.statusCode, answer.cookies]).toEqual([401, []])
    }
  })

  test('an access token with a changed claim or another header is refused', async () => {
    const user = await api.signUp()
    const [header, payload, signature] = (user.cookies.get('muster_at') as string).split('.')
    const claims = JSON.parse(Buffer.from(payload as string, 'base64url').toString())
    const risen = Buffer.from(JSON.stringify({ ...claims, role: 'super_admin' })).toString('base64url')
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT', kid: 'k1' })).toString('base64url')
    for (const token of [`${header}.${risen}.${signature}`, `${none}.${payload}.`, `${none}.${payload}.${signature}`]) {
      const answer = await api.connect(new Map([['muster_at', token]])).inject('GET', '/api/v1/users/me')
      expect(codeOf(answer)).toBe('UNAUTHENTICATED')
    }
  })

  test('logout revokes the access token on every instance', async () => {
    const user = await api.signUp()
    const { close, ...deps } = createDeps(api.deps.config, api.deps.log, clock)
    const second = await buildApp(deps)
    await eventually(() => expect(deps.revocations.isFresh()).toBe(true))
    const ask = () =>
      second.inject({ url: '/api/v1/users/me', cookies: { muster_at: accessToken, muster_rt: refreshToken } })
    const [accessToken, refreshToken] = [user.cookies.get('muster_at') as string, tokenOf(user)]
    expect((await ask()).statusCode).toBe(200)
    expect((await user.inject('POST', '/api/v1/auth/logout')).statusCode).toBe(200)
    expect([...user.cookies.keys()]).toEqual([])
    await eventually(async () => expect((await ask()).json().error.code).toBe('SESSION_REVOKED'))
    await second.close()
    await close()
  })

  test('of two tabs that sign out in parallel both are signed out', async () => {
    const user = await api.signUp()
    const tabs = Array.from({ length: 5 }, () => api.connect(new Map(user.cookies)))
    const answers = await Promise.all(tabs.map((tab) => tab.inject('POST', '/api/v1/auth/logout')))
    for (const [index, { statusCode }] of answers.entries()) {
      expect(statusCode).toBeOneOf([200, 401])
      if (statusCode === 200) expect(tabs[index]?.cookies.size).toBe(0)
    }
    expect(answers.map(({ statusCode }) => statusCode)).toContain(200)
  })

  test('a token’s insufficient role is refused, and an outdated one is renewed', async () => {
    const user = await api.signUp()
    expect(codeOf(await user.inject('GET', '/api/v1/admin/audit-events'))).toBe('FORBIDDEN')
    await api.db
      .updateTable('users')
      .set({ role: 'operator', organization_id: null })
      .where('id', '=', user.userId)
      .execute()
    clock.advance(1_000)
    await api.db
      .updateTable('sessions')
      .set({ renew_at: clock.now(), changed_at: new Date() })
      .where('id', '=', user.sessionId)
      .execute()
    await eventually(async () => {
      expect((await user.inject('GET', '/api/v1/admin/audit-events')).statusCode).toBe(200)
    })
  })
})

describe('logout-all', () => {
  test('ends all sessions of the user and no others, and clears the browser’s site data', async () => {
    const [user, stranger] = [await api.signUp(), await api.signUp()]
    const row = await sessionRow(user)
    const ids = [newId(), newId()]
    await api.db
      .insertInto('sessions')
      .values(ids.map((id) => ({ ...row, id })))
      .execute()
    const cookies = new Map([...user.cookies, ['muster_device', 'stays']])
    const browser = api.connect(cookies)
    const before = new Map(cookies)
    const answer = await browser.inject('POST', '/api/v1/auth/logout-all')
    expect(answer.statusCode).toBe(200)
    expect([...cookies.keys()]).toEqual(['muster_device'])
    expect(answer.headers['clear-site-data']).toBe('"cache", "storage"')
    expect(codeOf(await api.connect(before).inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED')
    const open = await api.db
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', user.userId)
      .where('revoked_at', 'is', null)
      .execute()
    expect(open).toEqual([])
    expect((await stranger.inject('GET', '/api/v1/users/me')).statusCode).toBe(200)
    const events = await api.db
      .selectFrom('audit_pending')
      .select('target_id')
      .where('action', '=', 'session.revoked')
      .where('actor_id', '=', user.userId)
      .execute()
    expect(events.map(({ target_id }) => target_id).sort()).toEqual([...ids, user.sessionId].sort())
  })
})

describe('the list of sessions', () => {
  test('shows the open sessions and the current one, and ends any of them', async () => {
    const user = await api.signUp()
    const list = async () => (await user.inject('GET', '/api/v1/auth/sessions')).json().data.sessions
    expect(await list()).toMatchObject([{ id: user.sessionId, ip: '127.0.0.1', current: true }])
    const stranger = await api.signUp()
    expect((await stranger.inject('DELETE', `/api/v1/auth/sessions/${user.sessionId}`)).statusCode).toBe(404)
    const cookies = new Map(user.cookies)
    expect((await user.inject('DELETE', `/api/v1/auth/sessions/${user.sessionId}`)).statusCode).toBe(200)
    expect(codeOf(await api.connect(cookies).inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED')
  })

  test('ending the current session clears its cookies, ending another does not', async () => {
    const user = await api.signUp()
    const elsewhere = { ...(await sessionRow(user)), id: newId() }
    await api.db.insertInto('sessions').values(elsewhere).execute()
    const end = (id: string) => user.inject('DELETE', `/api/v1/auth/sessions/${id}`)
    expect((await end(elsewhere.id)).statusCode).toBe(200)
    expect(user.cookies.size).toBe(2)
    expect((await end(user.sessionId)).statusCode).toBe(200)
    expect(user.cookies.size).toBe(0)
  })
})
