import { newId } from '@muster/db'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestPerson } from '../../testing/api.ts'
import { attachTo, makeTask } from '../attachments/testing/upload-fixtures.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const refresh = (person: TestPerson, token?: string) =>
  api.connect(new Map(token ? [['muster_rt', token]] : person.cookies)).inject('POST', '/api/v1/auth/refresh')
const tokenOf = (person: TestPerson) => person.cookies.get('muster_rt') as string
const answeredToken = (answer: Awaited<ReturnType<typeof refresh>>) =>
  answer.cookies.find(({ name }) => name === 'muster_rt')?.value
const codeOf = (answer: { json(): { error: { code: string } } }) => answer.json().error.code
const sessionRow = (person: TestPerson) =>
  api.db.selectFrom('sessions').selectAll().where('id', '=', person.sessionId).executeTakeFirstOrThrow()

/** How many statements of this test's database wait for a row. */
const lockWaits = async () => {
  const { rows } = await sql<{ waiting: number }>`
    select count(*)::integer as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(api.db)
  return rows[0]?.waiting
}

describe('refresh', () => {
  test('fifty at once make one rotation and all receive one successor', async () => {
    const person = await api.signUp()
    clock.advance(minuteMs)
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(person, tokenOf(person))))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(50).fill(200))
    expect(new Set(answers.map(answeredToken)).size).toBe(1)
    expect(answeredToken(answers[0] as (typeof answers)[0])).not.toBe(tokenOf(person))
    expect((await sessionRow(person)).generation).toBe(1)
  })

  test('a token younger than ten seconds is answered without rotating', async () => {
    const person = await api.signUp()
    const answer = await refresh(person)
    expect(answeredToken(answer)).toBe(tokenOf(person))
    expect((await sessionRow(person)).generation).toBe(0)
  })

  test('a lost answer is no theft: the predecessor is good while its successor was never presented', async () => {
    const person = await api.signUp()
    clock.advance(minuteMs)
    const lost = await refresh(person)
    clock.advance(5 * minuteMs)
    const again = await refresh(person, tokenOf(person))
    expect(again.statusCode).toBe(200)
    expect(answeredToken(again)).toBe(answeredToken(lost))
  })

  test('a predecessor used after the grace, once its successor was seen, ends the session and is recorded', async () => {
    const person = await api.signUp()
    const stolen = tokenOf(person)
    clock.advance(minuteMs)
    const successor = answeredToken(await refresh(person)) as string
    expect((await refresh(person, successor)).statusCode).toBe(200)
    clock.advance(minuteMs)
    const reused = await refresh(person, stolen)
    expect(reused.statusCode).toBe(401)
    expect(codeOf(reused)).toBe('SESSION_REVOKED')
    expect(codeOf(await refresh(person, successor))).toBe('SESSION_REVOKED')
    const events = await api.db
      .selectFrom('audit_pending')
      .select('action')
      .where('target_id', '=', person.sessionId)
      .execute()
    expect(events).toEqual([{ action: 'session.refresh_reused' }])
  })

  test('of a theft that many requests uncover at once the owner is told once, and from where', async () => {
    const person = await api.signUp()
    const stolen = tokenOf(person)
    clock.advance(minuteMs)
    await refresh(person, answeredToken(await refresh(person)))
    clock.advance(minuteMs)
    const thief = () =>
      api
        .connect(new Map([['muster_rt', stolen]]))
        .inject('POST', '/api/v1/auth/refresh', undefined, { 'user-agent': 'curl/8.5.0' })
    await Promise.all(Array.from({ length: 20 }, thief))
    const mails = await api.db
      .selectFrom('email_messages')
      .select(['template', 'user_id', 'data'])
      .where('to_address', '=', person.email)
      .execute()
    expect(mails).toMatchObject([
      { template: 'session-compromised', user_id: person.userId, data: { device: 'curl', ip: '127.0.0.1' } },
    ])
  })

  test.each([
    ['rotated and was seen', { generation: 1, successor_seen: true }, 200],
    ['was revoked', { revoked_at: new Date() }, 401],
  ])(
    'a refresh that decided to rotate before the session %s decides again and undoes nothing',
    async (_, changes, status) => {
      const person = await api.signUp()
      clock.advance(minuteMs)
      const late = await api.db.transaction().execute(async (trx) => {
        await trx.selectFrom('sessions').select('id').where('id', '=', person.sessionId).forUpdate().execute()
        const call = refresh(person)
        await eventually(async () => expect(await lockWaits()).toBe(1))
        await trx
          .updateTable('sessions')
          .set({ ...changes, rotated_at: clock.now() })
          .where('id', '=', person.sessionId)
          .execute()
        return { call }
      })
      expect((await late.call).statusCode).toBe(status)
      expect(await sessionRow(person)).toMatchObject(changes)
    },
  )

  test('a refusal leaves the cookies as they are', async () => {
    const answer = await api.connect(new Map([['muster_rt', 'nonsense']])).inject('POST', '/api/v1/auth/refresh')
    expect(answer.statusCode).toBe(401)
    expect(answer.cookies).toEqual([])
  })

  test('a token of another key, session or number is refused', async () => {
    const [one, other] = [await api.signUp(), await api.signUp()]
    const [kid, , n, mac] = tokenOf(one).split('.')
    for (const forged of [
      `${kid}.${other.sessionId}.${n}.${mac}`,
      `k9.${one.sessionId}.${n}.${mac}`,
      `${kid}.${one.sessionId}.7.${mac}`,
    ]) {
      expect((await refresh(one, forged)).statusCode).toBe(401)
    }
  })

  test('a session ends after its idle limit and after ninety days in any case', async () => {
    const person = await api.signUp()
    clock.advance(7 * dayMs + 1)
    expect(codeOf(await refresh(person))).toBe('SESSION_REVOKED')

    const busy = await api.signUp()
    for (let day = 0; day < 90; day += 6) {
      clock.advance(6 * dayMs)
      await busy.inject('POST', '/api/v1/auth/refresh')
    }
    expect(codeOf(await refresh(busy))).toBe('SESSION_REVOKED')
  })
})

describe('access', () => {
  test('a route renews an access token that ran out, on the way', async () => {
    const person = await api.signUp()
    clock.advance(16 * minuteMs)
    const before = person.cookies.get('muster_at')
    const answer = await person.inject('GET', '/api/v1/users/me')
    expect(answer.statusCode).toBe(200)
    expect(person.cookies.get('muster_at')).not.toBe(before)
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test.each([
    ['GET', `/api/v1/tasks/${newId()}`, 404],
    ['GET', '/api/v1/tasks/nonsense', 400],
    ['POST', '/api/v1/tasks', 400],
    ['GET', '/api/v1/admin/audit-events', 403],
  ] as const)('cookies that were renewed on the way stay on an error too: %s %s', async (method, url, status) => {
    const person = await api.signUp()
    clock.advance(16 * minuteMs)
    const before = new Map(person.cookies)
    const answer = await person.inject(method, url)
    expect(answer.statusCode).toBe(status)
    expect(answer.cookies.map(({ name }) => name).sort()).toEqual(['muster_at', 'muster_rt'])
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(person.cookies.get('muster_rt')).not.toBe(before.get('muster_rt'))
    expect((await person.inject('GET', '/api/v1/users/me')).cookies).toEqual([])
  })

  test('a file that is served while the cookies are renewed is not kept by the browser with them', async () => {
    const person = await api.signUp()
    await api.listen()
    const { id } = await attachTo({ person, task: await makeTask(person) }, 'notes.txt', 'Some text')
    const read = () => person.inject('GET', `/api/v1/attachments/${id}/content`)
    expect((await read()).headers['cache-control']).toContain('private')
    clock.advance(16 * minuteMs)
    const renewed = await read()
    expect([renewed.cookies.length, renewed.headers['cache-control']]).toEqual([2, 'no-store'])
  })

  test('a request that is refused for its session leaves the cookies as they are', async () => {
    const person = await api.signUp()
    const other = api.connect(new Map(person.cookies))
    await person.inject('POST', '/api/v1/auth/logout')
    for (const minutes of [0, 16]) {
      clock.advance(minutes * minuteMs)
      const answer = await other.inject('GET', '/api/v1/users/me')
      expect([answer.statusCode, answer.cookies]).toEqual([401, []])
    }
  })

  test('an access token with a changed claim or another header is no access token', async () => {
    const person = await api.signUp()
    const [header, payload, signature] = (person.cookies.get('muster_at') as string).split('.')
    const claims = JSON.parse(Buffer.from(payload as string, 'base64url').toString())
    const risen = Buffer.from(JSON.stringify({ ...claims, role: 'super_admin' })).toString('base64url')
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT', kid: 'k1' })).toString('base64url')
    for (const token of [`${header}.${risen}.${signature}`, `${none}.${payload}.`, `${none}.${payload}.${signature}`]) {
      const answer = await api.connect(new Map([['muster_at', token]])).inject('GET', '/api/v1/users/me')
      expect(codeOf(answer)).toBe('UNAUTHENTICATED')
    }
  })

  test('logout ends the session on every instance within a second, also for its access token', async () => {
    const person = await api.signUp()
    const { close, ...deps } = createDeps(api.deps.config, api.deps.log, clock)
    const second = await buildApp(deps)
    await eventually(() => expect(deps.revocations.isFresh()).toBe(true))
    const ask = () =>
      second.inject({ url: '/api/v1/users/me', cookies: { muster_at: accessToken, muster_rt: refreshToken } })
    const [accessToken, refreshToken] = [person.cookies.get('muster_at') as string, tokenOf(person)]
    expect((await ask()).statusCode).toBe(200)
    expect((await person.inject('POST', '/api/v1/auth/logout')).statusCode).toBe(200)
    expect([...person.cookies.keys()]).toEqual([])
    await eventually(async () => expect((await ask()).json().error.code).toBe('SESSION_REVOKED'), { timeoutMs: 1_000 })
    await second.close()
    await close()
  })

  test('two tabs that sign out at once are both signed out', async () => {
    const person = await api.signUp()
    const tabs = Array.from({ length: 5 }, () => api.connect(new Map(person.cookies)))
    const answers = await Promise.all(tabs.map((tab) => tab.inject('POST', '/api/v1/auth/logout')))
    for (const [index, { statusCode }] of answers.entries()) {
      expect(statusCode).toBeOneOf([200, 401])
      if (statusCode === 200) expect(tabs[index]?.cookies.size).toBe(0)
    }
    expect(answers.map(({ statusCode }) => statusCode)).toContain(200)
  })

  test('a role in the token that is not enough is refused, and an outdated one is renewed', async () => {
    const person = await api.signUp()
    expect(codeOf(await person.inject('GET', '/api/v1/admin/audit-events'))).toBe('FORBIDDEN')
    await api.db
      .updateTable('users')
      .set({ role: 'operator', organization_id: null })
      .where('id', '=', person.userId)
      .execute()
    clock.advance(1_000)
    await api.db
      .updateTable('sessions')
      .set({ renew_at: clock.now(), changed_at: new Date() })
      .where('id', '=', person.sessionId)
      .execute()
    await eventually(async () => {
      expect((await person.inject('GET', '/api/v1/admin/audit-events')).statusCode).toBe(200)
    })
  })
})

describe('logout-all', () => {
  test('ends every session of the person and nobody else’s, and clears what the browser keeps', async () => {
    const [person, stranger] = [await api.signUp(), await api.signUp()]
    const row = await sessionRow(person)
    const ids = [newId(), newId()]
    await api.db
      .insertInto('sessions')
      .values(ids.map((id) => ({ ...row, id })))
      .execute()
    const cookies = new Map([...person.cookies, ['muster_device', 'stays']])
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
      .where('user_id', '=', person.userId)
      .where('revoked_at', 'is', null)
      .execute()
    expect(open).toEqual([])
    expect((await stranger.inject('GET', '/api/v1/users/me')).statusCode).toBe(200)
    const events = await api.db
      .selectFrom('audit_pending')
      .select('target_id')
      .where('action', '=', 'session.revoked')
      .where('actor_id', '=', person.userId)
      .execute()
    expect(events.map(({ target_id }) => target_id).sort()).toEqual([...ids, person.sessionId].sort())
  })
})

describe('the list of sessions', () => {
  test('shows each open one, tells which is the current, and ends another', async () => {
    const person = await api.signUp()
    const list = async () => (await person.inject('GET', '/api/v1/auth/sessions')).json().data.sessions
    expect(await list()).toMatchObject([{ id: person.sessionId, ip: '127.0.0.1', current: true }])
    const stranger = await api.signUp()
    expect((await stranger.inject('DELETE', `/api/v1/auth/sessions/${person.sessionId}`)).statusCode).toBe(404)
    const cookies = new Map(person.cookies)
    expect((await person.inject('DELETE', `/api/v1/auth/sessions/${person.sessionId}`)).statusCode).toBe(200)
    expect(codeOf(await api.connect(cookies).inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED')
  })

  test('ending the current one clears its cookies, ending another does not', async () => {
    const person = await api.signUp()
    const elsewhere = { ...(await sessionRow(person)), id: newId() }
    await api.db.insertInto('sessions').values(elsewhere).execute()
    const end = (id: string) => person.inject('DELETE', `/api/v1/auth/sessions/${id}`)
    expect((await end(elsewhere.id)).statusCode).toBe(200)
    expect(person.cookies.size).toBe(2)
    expect((await end(person.sessionId)).statusCode).toBe(200)
    expect(person.cookies.size).toBe(0)
  })
})

test('fifty refreshes and renewals at once count as one rotation', async () => {
  const strict = await buildTestApp({ clock, config: { rateLimitScale: 1 } })
  const person = await strict.signUp()
  const cookies = [...person.cookies]
  clock.advance(16 * minuteMs)
  const calls = Array.from({ length: 50 }, (_, call) =>
    call % 2
      ? strict.connect(new Map(cookies)).inject('POST', '/api/v1/auth/refresh')
      : strict.connect(new Map(cookies)).inject('GET', '/api/v1/users/me'),
  )
  expect((await Promise.all(calls)).map(({ statusCode }) => statusCode)).toEqual(Array(50).fill(200))
  await strict.close()
})

test('the eleventh rotation of a session within fifteen minutes is refused', async () => {
  const strict = await buildTestApp({ clock, config: { rateLimitScale: 1 } })
  const person = await strict.signUp()
  for (let rotation = 0; rotation < 10; rotation++) {
    clock.advance(11_000)
    expect((await person.inject('POST', '/api/v1/auth/refresh')).statusCode).toBe(200)
    expect((await person.inject('POST', '/api/v1/auth/refresh')).statusCode).toBe(200)
  }
  clock.advance(11_000)
  const refused = await person.inject('POST', '/api/v1/auth/refresh')
  expect(codeOf(refused)).toBe('RATE_LIMITED')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  await strict.close()
})
