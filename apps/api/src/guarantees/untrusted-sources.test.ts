/* Tokens, cookies, headers and values in Redis are untrusted like bodies: none of them causes an internal error. */

import fastifyJwt from '@fastify/jwt'
import { newId } from '@muster/db'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  codeOf,
  login,
  mailedCode,
  newUser,
  register,
  registered,
  verify,
} from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

let api: TestApp
let user: TestUser
const errors: string[] = []

beforeAll(async () => {
  api = await buildTestApp({
    config: { logLevel: 'error' },
    onLog: (line) => void errors.push(JSON.stringify(line).slice(0, 1_000)),
  })
  user = await api.signUp()
})
afterAll(async () => {
  await api.close()
  expect(errors).toEqual([])
})

/** Returns an access token with these claims, signed with the API's key. */
async function tokenWith(claims: Record<string, unknown>): Promise<string> {
  const { keys, publicUrl } = api.deps.config
  const kid = keys.accessToken.currentId
  const signer = fastify()
  const issuer = publicUrl.origin
  await signer.register(fastifyJwt, {
    secret: keys.accessToken.keys.get(kid) as Buffer,
    sign: { algorithm: 'HS256', kid, iss: issuer, aud: issuer },
  })
  await signer.ready()
  const iat = Math.floor(Date.now() / 1_000)
  const defaults = { sub: user.userId, sid: user.sessionId, org: user.organizationId, role: 'client_admin' }
  const token = signer.jwt.sign({ ...defaults, iat, exp: iat + 600, ...claims })
  await signer.close()
  return token
}

describe('an access token signed with a valid key', () => {
  const ask = async (claims: Record<string, unknown>) => {
    const client = api.connect(new Map([['muster_at', await tokenWith(claims)]]))
    const paths = ['users/me', 'tasks', 'organization', 'admin/users']
    return Promise.all(paths.map(async (path) => (await client.inject('GET', `/api/v1/${path}`)).statusCode))
  }

  test('with the claims that the API writes is accepted', async () => {
    expect(await ask({})).toEqual([200, 200, 200, 403])
  })

  test.each<Record<string, unknown>>([
    { sub: '' },
    { sub: 'a\0' },
    { sub: 7 },
    { sub: ['01890000-0000-7000-8000-000000000000'] },
    { sid: 'nonsense' },
    { sid: null },
    { org: 'a\0' },
    { org: {} },
    { role: 'owner' },
    { role: ['super_admin'] },
    { nof: 'no' },
    { exp: 1e300 },
    { exp: 99_999_999_999_999 },
    { iat: -1 },
  ])('with %j is refused', async (claims) => {
    expect(await ask(claims)).toEqual([401, 401, 401, 401])
  })

  test('with ids in capitals is refused, because revocations compare ids in lower case', async () => {
    const { userId, sessionId, organizationId } = user
    for (const claims of [{ sub: userId }, { sid: sessionId }, { org: organizationId }]) {
      const inCapitals = Object.entries(claims).map(([name, id]) => [name, id?.toUpperCase()])
      expect(await ask(Object.fromEntries(inCapitals))).toEqual([401, 401, 401, 401])
    }
  })
})

test('cookies with any text are refused or ignored', async () => {
  const { email } = await registered(api)
  for (const value of [
    '%00',
    'a%00b',
    '%ED%A0%80',
    '%',
    `${'k1.'.repeat(3)}`,
    '__proto__',
    'x'.repeat(4_000),
    '{}',
    '*',
  ]) {
    for (const name of ['muster_at', 'muster_rt', 'muster_device', 'muster_attempt', 'muster_oidc']) {
      const cookie = () => api.connect(new Map([[name, value]]))
      const statuses = [
        (await cookie().inject('GET', '/api/v1/users/me')).statusCode,
        (await cookie().inject('POST', '/api/v1/auth/refresh')).statusCode,
        (await verify(cookie(), email, '123456')).statusCode,
        (await cookie().inject('GET', '/api/v1/auth/google/callback?state=a&code=b')).statusCode,
        (await login(cookie(), email)).statusCode,
      ]
      expect([name, value, ...statuses]).toEqual([name, value, 401, 401, 400, 302, 200])
    }
  }
})

test.each(['\0', 'a\0b', '\x7f', '\ud800', 'x'.repeat(5_000), '\u202E', 'Mozilla/5.0 \x01'])(
  'the header %j does not prevent a sign-in',
  async (value) => {
    const { email } = await registered(api)
    for (const name of ['user-agent', 'x-request-id', 'referer', 'accept-language', 'if-match', 'range', 'origin']) {
      const answer = await login(api.connect(), email, undefined, { [name]: value })
      expect([name, answer.statusCode]).toEqual([name, name === 'origin' ? 403 : 200])
    }
    const body = { title: 'A task', dueDate: '2099-01-01T00:00:00Z' }
    const made = await user.inject('POST', '/api/v1/tasks', body, { 'idempotency-key': value })
    expect([400, 201]).toContain(made.statusCode)
  },
)

describe('a value of another shape in Redis', () => {
  const values = [
    '{}',
    '{"version":"1","user":{}}',
    '{"version":1}',
    '{',
    '{"validUntilMs":9e15,"value":{}}',
    '{"a":"\\u0000"}',
    'x',
    '',
  ]

  test.each(values)('%j is not returned as a profile or as analytics', async (value) => {
    await api.redis.set(`user:profile:v1:${user.userId}`, value)
    await api.redis.set(`user:analytics:v3:${user.userId}`, value)
    const profile = await user.inject('GET', '/api/v1/users/me')
    expect(profile.json().data?.user).toMatchObject({ id: user.userId })
    expect((await user.inject('GET', '/api/v1/analytics')).json().data).toMatchObject({
      totalTasks: expect.any(Number),
    })
  })

  test.each(['inf', '-inf', '1e300', '-1'])('the score %s is not read as presence', async (score) => {
    const other = await api.signUp({ organizationId: user.organizationId as string })
    const key = `user:presence:v2:${other.userId}`
    for (const member of ['request', 'closed', 'lease:x', '\u0000']) await api.redis.zadd(key, score, member)
    const answer = await user.inject('GET', `/api/v1/users/${other.userId}`)
    expect(answer.json().data?.user).toMatchObject({ id: other.userId, status: 'offline', lastSeenAt: null })
  })

  test('a text is not read as presence', async () => {
    const other = await api.signUp({ organizationId: user.organizationId as string })
    await api.redis.set(`user:presence:v2:${other.userId}`, '1')
    const answer = await user.inject('GET', `/api/v1/users/${other.userId}`)
    expect(answer.json().data?.user).toMatchObject({ id: other.userId, status: 'offline' })
  })

  test.each(['{}', 'x', '{"username":"admin\\u0000"}', JSON.stringify({ emailId: newId() })])(
    '%j is not read as a registration',
    async (data) => {
      const [client, newcomer] = [api.connect(), newUser()]
      await register(client, newcomer)
      const [key] = await api.redis.keys(`register:${newcomer.email}:*`)
      await api.redis.hset(key as string, 'data', data)
      expect(codeOf(await verify(client, newcomer.email, await mailedCode(api, newcomer.email)))).toBe('OTP_INVALID')
    },
  )
})
