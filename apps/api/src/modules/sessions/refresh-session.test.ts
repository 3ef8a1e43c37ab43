import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const refresh = (user: TestUser, token?: string) =>
  api.connect(new Map(token ? [['muster_rt', token]] : user.cookies)).inject('POST', '/api/v1/auth/refresh')
const tokenOf = (user: TestUser) => user.cookies.get('muster_rt') as string
const answeredToken = (answer: Awaited<ReturnType<typeof refresh>>) =>
  answer.cookies.find(({ name }) => name === 'muster_rt')?.value
const codeOf = (answer: { json(): { error: { code: string } } }) => answer.json().error.code
const sessionRow = (user: TestUser) =>
  api.db.selectFrom('sessions').selectAll().where('id', '=', user.sessionId).executeTakeFirstOrThrow()

/** Counts the statements that wait for a row lock in this test's database. */
const lockWaits = async () => {
  const { rows } = await sql<{ waiting: number }>`
    select count(*)::integer as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(api.db)
  return rows[0]?.waiting
}

describe('refresh', () => {
  test('fifty parallel refreshes cause one rotation and receive one successor', async () => {
    const user = await api.signUp()
    clock.advance(minuteMs)
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(user, tokenOf(user))))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(50).fill(200))
    expect(new Set(answers.map(answeredToken)).size).toBe(1)
    expect(answeredToken(answers[0] as (typeof answers)[0])).not.toBe(tokenOf(user))
    expect((await sessionRow(user)).generation).toBe(1)
  })

  test('a token younger than ten seconds is answered without a rotation', async () => {
    const user = await api.signUp()
    const answer = await refresh(user)
    expect(answeredToken(answer)).toBe(tokenOf(user))
    expect((await sessionRow(user)).generation).toBe(0)
  })

  test('after a lost response the predecessor is accepted while its successor is unused', async () => {
    const user = await api.signUp()
    clock.advance(minuteMs)
    const lost = await refresh(user)
    clock.advance(5 * minuteMs)
    const again = await refresh(user, tokenOf(user))
    expect(again.statusCode).toBe(200)
    expect(answeredToken(again)).toBe(answeredToken(lost))
  })

  test('a predecessor used after the grace revokes the session once its successor was used', async () => {
    const user = await api.signUp()
    const stolen = tokenOf(user)
    clock.advance(minuteMs)
    const successor = answeredToken(await refresh(user)) as string
    expect((await refresh(user, successor)).statusCode).toBe(200)
    clock.advance(minuteMs)
    const reused = await refresh(user, stolen)
    expect(reused.statusCode).toBe(401)
    expect(codeOf(reused)).toBe('SESSION_REVOKED')
    expect(codeOf(await refresh(user, successor))).toBe('SESSION_REVOKED')
    const events = await api.db
      .selectFrom('audit_pending')
      .select('action')
      .where('target_id', '=', user.sessionId)
      .execute()
    expect(events).toEqual([{ action: 'session.refresh_reused' }])
  })

  test('a theft that many parallel requests reveal causes one alert, with its origin', async () => {
    const user = await api.signUp()
    const stolen = tokenOf(user)
    clock.advance(minuteMs)
    await refresh(user, answeredToken(await refresh(user)))
    clock.advance(minuteMs)
    const thief = () =>
      api
        .connect(new Map([['muster_rt', stolen]]))
        .inject('POST', '/api/v1/auth/refresh', undefined, { 'user-agent': 'curl/8.5.0' })
    await Promise.all(Array.from({ length: 20 }, thief))
    const mails = await api.db
      .selectFrom('email_messages')
      .select(['template', 'user_id', 'data'])
      .where('to_address', '=', user.email)
      .execute()
    expect(mails).toMatchObject([
      { template: 'session-compromised', user_id: user.userId, data: { device: 'curl', ip: '127.0.0.1' } },
    ])
  })

  test.each([
    ['was rotated and its successor used', { generation: 1, successor_seen: true }, 200],
    ['was revoked', { revoked_at: new Date() }, 401],
  ])('a refresh that decided to rotate before the session %s decides again', async (_, changes, status) => {
    const user = await api.signUp()
    clock.advance(minuteMs)
    const late = await api.db.transaction().execute(async (trx) => {
      await trx.selectFrom('sessions').select('id').where('id', '=', user.sessionId).forUpdate().execute()
      const call = refresh(user)
      await eventually(async () => expect(await lockWaits()).toBe(1))
      await trx
        .updateTable('sessions')
        .set({ ...changes, rotated_at: clock.now() })
        .where('id', '=', user.sessionId)
        .execute()
      return { call }
    })
    expect((await late.call).statusCode).toBe(status)
    expect(await sessionRow(user)).toMatchObject(changes)
  })

  test('a refused refresh sets no cookies', async () => {
    const answer = await api.connect(new Map([['muster_rt', 'nonsense']])).inject('POST', '/api/v1/auth/refresh')
    expect(answer.statusCode).toBe(401)
    expect(answer.cookies).toEqual([])
  })

  test('a token of another key, session or generation is refused', async () => {
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

  test('a session ends after its idle limit, and after ninety days even in use', async () => {
    const user = await api.signUp()
    clock.advance(7 * dayMs + 1)
    expect(codeOf(await refresh(user))).toBe('SESSION_REVOKED')

    const busy = await api.signUp()
    for (let day = 0; day < 90; day += 6) {
      clock.advance(6 * dayMs)
      await busy.inject('POST', '/api/v1/auth/refresh')
    }
    expect(codeOf(await refresh(busy))).toBe('SESSION_REVOKED')
  })
})

test('fifty parallel refreshes and renewals count as one rotation', async () => {
  const strict = await buildTestApp({ clock, config: { rateLimitScale: 1 } })
  const user = await strict.signUp()
  const cookies = [...user.cookies]
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
  const user = await strict.signUp()
  for (let rotation = 0; rotation < 10; rotation++) {
    clock.advance(11_000)
    expect((await user.inject('POST', '/api/v1/auth/refresh')).statusCode).toBe(200)
    expect((await user.inject('POST', '/api/v1/auth/refresh')).statusCode).toBe(200)
  }
  clock.advance(11_000)
  const refused = await user.inject('POST', '/api/v1/auth/refresh')
  expect(codeOf(refused)).toBe('RATE_LIMITED')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  await strict.close()
})
