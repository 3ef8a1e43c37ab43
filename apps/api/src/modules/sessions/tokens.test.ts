import { createHmac } from 'node:crypto'
import { mailToken, optOutToken, templates } from '@muster/mail'
import { issueRefreshToken } from '@muster/security/refresh-token'
import { seal } from '@muster/security/seal'
import { signText } from '@muster/security/signed-text'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

let api: TestApp
let user: TestUser
let claims: Record<string, unknown>

const issuer = 'http://localhost:3000'
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

beforeAll(async () => {
  api = await buildTestApp()
  user = await api.signUp()
  const [, payload = ''] = (user.cookies.get('muster_at') ?? '').split('.')
  claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
})
afterAll(() => api.close())

/** Builds a JWT signed with the API's own key. */
function jwt(payload: unknown, header: object = { alg: 'HS256', typ: 'JWT', kid: 'k1' }, digest = 'sha256'): string {
  const signed = `${encode(header)}.${encode(payload)}`
  const key = api.deps.config.keys.accessToken.keys.get('k1') as Buffer
  return `${signed}.${createHmac(digest, key).update(signed).digest('base64url')}`
}
const statusWith = async (token: string) =>
  (await api.connect(new Map([['muster_at', token]])).inject('GET', '/api/v1/users/me')).statusCode

describe('an access token with a valid signature', () => {
  test('is accepted with all of its claims', async () => {
    expect(await statusWith(jwt(claims))).toBe(200)
  })

  test.each(['iss', 'aud', 'sub', 'sid', 'org', 'role', 'iat', 'exp'])('is refused without %s', async (name) => {
    const { [name]: _, ...rest } = claims
    expect(await statusWith(jwt(rest))).toBe(401)
    expect(await statusWith(jwt({ ...claims, [name]: name === 'org' ? '' : null }))).toBe(401)
  })

  test.each([
    { iss: 'https://evil.example' },
    { iss: `${issuer}/` },
    { iss: [issuer] },
    { aud: 'another' },
    { aud: [issuer] },
    { aud: [issuer, 'another'] },
    { sub: '' },
    { sub: 'admin' },
    { sid: '' },
    { role: 'root' },
    { role: ['super_admin'] },
    { org: 0 },
    { exp: '9999999999' },
    { exp: 1e300 },
    { exp: 0 },
    { iat: -1 },
    { iat: 1.5 },
    { nof: 'no' },
  ])('is refused with %j', async (changed) => {
    expect(await statusWith(jwt({ ...claims, ...changed }))).toBe(401)
  })

  test('is refused with a longer lifetime than ours, a negative one, or an issue time in the future', async () => {
    const [iat, exp] = [Number(claims.iat), Number(claims.exp)]
    for (const [from, to] of [
      [iat, exp + 1],
      [iat - 60, exp],
      [0, exp],
      [exp, exp],
      [exp, iat],
      [iat + 120, exp + 120],
      [iat, exp + 315_360_000],
    ])
      expect([from, to, await statusWith(jwt({ ...claims, iat: from, exp: to }))]).toEqual([from, to, 401])
  })

  test.each([
    { alg: 'HS256', typ: 'JWT' },
    { alg: 'HS256', typ: 'JWT', kid: 'k2' },
    { alg: 'HS256', typ: 'JWT', kid: '' },
    { alg: 'HS256', kid: 'k1' },
    { alg: 'none', typ: 'JWT', kid: 'k1' },
    { alg: 'hs256', typ: 'JWT', kid: 'k1' },
    { alg: 'HS256', typ: 'JWT', kid: 'k1', crit: ['exp'] },
    { alg: 'HS256', typ: 'JWT', kid: '../k1' },
  ])('is refused with the header %j', async (header) => {
    expect(await statusWith(jwt(claims, header))).toBe(401)
  })

  test('is refused with another algorithm, no signature, or a payload that is not an object', async () => {
    expect(await statusWith(jwt(claims, { alg: 'HS512', typ: 'JWT', kid: 'k1' }, 'sha512'))).toBe(401)
    expect(await statusWith(jwt(claims).replace(/\.[^.]*$/, '.'))).toBe(401)
    for (const payload of [null, [], 'text', 1]) expect(await statusWith(jwt(payload))).toBe(401)
  })
})

test('a token of one kind is refused wherever another kind is required', async () => {
  const { cookie, encryption, mailCode, refreshToken } = api.deps.config.keys
  const id = user.userId
  const pair = `${id}.${id}`
  const sealed = seal(encryption, Buffer.from('{}'), 'totp:x')
  const tokens: Record<string, string> = {
    access: jwt(claims),
    refresh: issueRefreshToken(refreshToken, { id, seed: Buffer.alloc(32) }, 0),
    device: signText(cookie, 'device', pair),
    challenge: signText(cookie, 'two-factor-challenge', id),
    'a challenge by the mail key': signText(mailCode, 'two-factor-challenge', id),
    optOut: optOutToken(mailCode, templates['morning-digest'].optOut, id),
    invite: mailToken(mailCode, { template: 'invite', emailId: id }),
    reset: mailToken(mailCode, { template: 'password-reset', emailId: id }),
    sealed: `${sealed.keyId}.${sealed.sealed.toString('base64url')}`,
  }
  const post = async (url: string, body: object) => (await api.connect().inject('POST', url, body)).statusCode
  const uses: Record<string, (token: string) => Promise<number>> = {
    access: statusWith,
    refresh: async (token) =>
      (await api.connect(new Map([['muster_rt', token]])).inject('POST', '/api/v1/auth/refresh')).statusCode,
    challenge: (token) => post('/api/v1/auth/two-factor/verify', { challengeToken: token, code: '000000' }),
    optOut: async (token) => post(`/api/v1/unsubscribe?token=${token}`, {}),
    invite: async (token) => (await api.connect().inject('GET', `/api/v1/invites/details/${token}`)).statusCode,
    reset: (token) => post('/api/v1/auth/reset-password', { token, password: 'Str0ng-Enough' }),
  }
  const opened: string[] = []
  for (const [use, present] of Object.entries(uses)) {
    for (const [kind, token] of Object.entries(tokens)) {
      const status = await present(token)
      if (status < 300) opened.push(`${kind} as ${use}`)
    }
  }
  // Tokens of missing mails and sessions are refused; these two refer to no row.
  expect(opened).toEqual(['access as access', 'optOut as optOut'])
})
