import type { Trx } from '@muster/db'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import { forceRenewal } from '../sessions/renew-access.ts'
import { codeOf, login, password, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  appOf,
  challenged,
  confirmOtp,
  confirmTotp,
  disable,
  enableOtp,
  loginCode,
  setUpTotp,
  stepMs,
  verify,
  withOtp,
  withTotp,
} from './testing/two-factor-fixtures.ts'
import type { FactorMethod } from './two-factor.queries.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const require = (userId: string, method: FactorMethod) =>
  api.db.transaction().execute((trx) => requireIn(trx, userId, method))

/** Writes the policy as PATCH /organization does. */
async function requireIn(trx: Trx, userId: string, method: FactorMethod) {
  const { organization_id: id } = await trx
    .selectFrom('users')
    .select('organization_id')
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  const organizationId = id as string
  await trx.updateTable('organizations').set({ two_factor_method: method }).where('id', '=', organizationId).execute()
  await forceRenewal(trx, { organizationId }, clock.now())
}

const tasks = (client: TestClient) => client.inject('GET', '/api/v1/tasks')
const seen = async (client: TestClient) => {
  const answer = await tasks(client)
  return answer.statusCode === 200 ? 200 : codeOf(answer)
}

describe('an organization that requires a second factor', () => {
  test.each([
    ['otp', 'none', 'TWO_FACTOR_REQUIRED'],
    ['otp', 'otp', 200],
    ['otp', 'totp', 200],
    ['totp', 'none', 'TWO_FACTOR_REQUIRED'],
    ['totp', 'otp', 'TWO_FACTOR_REQUIRED'],
    ['totp', 'totp', 200],
    ['none', 'none', 200],
  ] as const)('a policy of %s admits a user with %s: %s', async (required, own, expected) => {
    const user = own === 'none' ? await registered(api) : await (own === 'otp' ? withOtp : withTotp)(api, clock)
    await require(user.id, required)
    clock.advance(3_000)
    const answer = await user.client.inject('POST', '/api/v1/auth/refresh')
    expect(answer.statusCode).toBe(200)
    expect(await seen(user.client)).toBe(expected)
  })

  test('takes effect for open sessions of its members only, on every instance, in both directions', async () => {
    const { close, ...deps } = createDeps(api.deps.config, api.deps.log, clock)
    const second = await buildApp(deps)
    await deps.revocations.loaded
    const [member, stranger] = [await registered(api), await registered(api)]
    const onSecond = async (client: TestClient) => {
      const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const answer = await second.inject({ url: '/api/v1/tasks', headers: { cookie } })
      return answer.statusCode === 200 ? 200 : codeOf(answer)
    }
    expect([await seen(member.client), await onSecond(member.client)]).toEqual([200, 200])

    for (const [method, expected] of [
      ['otp', 'TWO_FACTOR_REQUIRED'],
      ['none', 200],
    ] as const) {
      // Each instance gets a copy of the cookies: a renewal by one does not affect the other.
      const jars = [1, 2].map(() => api.connect(new Map(member.client.cookies)))
      await require(member.id, method)
      await eventually(
        async () => {
          expect(await seen(jars[0] as TestClient)).toBe(expected)
          expect(await onSecond(jars[1] as TestClient)).toBe(expected)
        },
        { intervalMs: 20 },
      )
      expect([await seen(stranger.client), await onSecond(stranger.client)]).toEqual([200, 200])
      clock.advance(3_000)
      await member.client.inject('POST', '/api/v1/auth/refresh')
    }
    await second.close()
    await close()
  })

  test('leaves a user without one only its set-up, which admits them at once', async () => {
    const { client, email, id } = await registered(api)
    await require(id, 'otp')
    clock.advance(3_000)
    await client.inject('POST', '/api/v1/auth/refresh')

    const routes = (await client.inject('GET', '/openapi.json')).json().paths as Record<
      string,
      Record<string, { security: object[] }>
    >
    const open: string[] = []
    for (const [path, methods] of Object.entries(routes)) {
      for (const [method, { security }] of Object.entries(methods)) {
        if (!security.some((scheme) => 'session' in scheme) || security.length > 4) continue
        const url = path.replace(/\{\w+\}/g, '01890000-0000-7000-8000-000000000000')
        // Each call gets a copy of the cookies, because logout is one of them.
        const answer = await api.connect(new Map(client.cookies)).inject(method.toUpperCase() as 'GET', url)
        const isRefused = answer.statusCode === 403 && codeOf(answer) === 'TWO_FACTOR_REQUIRED'
        if (!isRefused) open.push(`${method} ${path.replace('/api/v1', '')}`)
        if (/logout/.test(path)) Object.assign(client, await signedInAgain(email))
      }
    }
    expect(open.sort()).toEqual([
      'get /auth/sessions',
      'get /users/me',
      'post /auth/logout',
      'post /auth/logout-all',
      'post /auth/two-factor/otp/confirm',
      'post /auth/two-factor/otp/enable',
      'post /auth/two-factor/totp/confirm',
      'post /auth/two-factor/totp/setup',
    ])

    clock.advance(60_000)
    const fresh = await signedInAgain(email)
    const begun = await enableOtp(fresh)
    expect(begun.statusCode).toBe(202)
    expect((await confirmOtp(fresh, await loginCode(api, email))).statusCode).toBe(200)
    expect(await seen(fresh)).toBe(200)
  })

  test('that requires an app accepts one that replaces the mailed code', async () => {
    const { client, id, email } = await withOtp(api, clock)
    await require(id, 'totp')
    clock.advance(3_000)
    await client.inject('POST', '/api/v1/auth/refresh')
    expect(await seen(client)).toBe('TWO_FACTOR_REQUIRED')
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    expect((await confirmTotp(client, app.code())).statusCode).toBe(200)
    expect(await seen(client)).toBe(200)
    clock.advance(stepMs)
    const other = api.connect()
    await verify(other, await challenged(api, email), app.code())
    expect(await seen(other)).toBe(200)
  })

  test('admits the other sessions of a user who set one up', async () => {
    const { client, id, email } = await registered(api)
    const other = api.connect()
    await login(other, email)
    await require(id, 'otp')
    clock.advance(3_000)
    for (const each of [client, other]) await each.inject('POST', '/api/v1/auth/refresh')
    await enableOtp(client)
    await confirmOtp(client, await loginCode(api, email))
    await eventually(async () => expect(await seen(other)).toBe(200), { intervalMs: 20 })
  })

  test('does not let its members turn it off', async () => {
    const { client, id, app } = await withTotp(api, clock)
    await require(id, 'otp')
    const refused = await disable(client, { password, code: app.code() })
    expect([refused.statusCode, codeOf(refused)]).toEqual([403, 'FORBIDDEN'])
    await require(id, 'none')
    expect((await disable(client, { password, code: app.code() })).statusCode).toBe(200)
  })

  test('applies to a sign-in that is in progress when the policy changes', async () => {
    const { email, id } = await registered(api)
    const client = api.connect()
    const trx = await api.db.startTransaction().execute()
    await requireIn(trx, id, 'otp')
    const signingIn = login(client, email)
    await Promise.race([signingIn, eventually(waitsForLock)])
    await trx.commit().execute()
    expect((await signingIn).statusCode).toBe(200)
    expect(await seen(client)).toBe('TWO_FACTOR_REQUIRED')
  })

  test('applies to a refresh that is in progress when the policy changes, within the same second too', async () => {
    clock.set(new Date(Math.ceil(clock.now().getTime() / 1_000) * 1_000))
    const { client, id } = await registered(api)
    const trx = await api.db.startTransaction().execute()
    await requireIn(trx, id, 'otp')
    const refreshing = client.inject('POST', '/api/v1/auth/refresh')
    await Promise.race([refreshing, eventually(waitsForLock)])
    await trx.commit().execute()
    expect((await refreshing).statusCode).toBe(200)
    await eventually(async () => expect(await seen(client)).toBe('TWO_FACTOR_REQUIRED'), {
      intervalMs: 20,
    })
  })
})

/** Throws unless a statement waits for a row lock. */
async function waitsForLock() {
  const { rows } = await sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(api.db)
  if (rows.length === 0) throw new Error('No statement waits for a lock.')
}

async function signedInAgain(email: string): Promise<TestClient> {
  const client = api.connect()
  await login(client, email)
  return client
}
