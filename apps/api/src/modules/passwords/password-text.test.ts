import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import { accept, invited, newAccount } from '../invites/testing/invites-fixtures.ts'
import {
  login,
  mailedResetToken,
  newUser,
  password,
  register,
  registered,
} from '../sign-in/testing/sign-in-fixtures.ts'

let api: TestApp
let owner: Awaited<ReturnType<typeof registered>>
let inviteToken: string
let resetToken: string

beforeAll(async () => {
  api = await buildTestApp()
  owner = await registered(api)
  inviteToken = (await invited(api, owner.client, 'client_user')).token
  await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email: owner.email })
  resetToken = await mailedResetToken(api, owner.email)
})
afterAll(() => api.close())

type Answer = ReturnType<TestClient['inject']>
const post = (path: string, body: object): Answer => owner.client.inject('POST', `/api/v1/auth/${path}`, body)

/** Every route that takes a password, with the path of its field. */
const routes: Record<string, [path: string, send: (given: string) => Answer]> = {
  registration: ['body.password', (given) => register(api.connect(), { ...newUser(), password: given })],
  login: ['body.password', (given) => login(api.connect(), owner.email, given)],
  reset: [
    'body.password',
    (given) => api.connect().inject('POST', '/api/v1/auth/reset-password', { token: resetToken, password: given }),
  ],
  change: ['body.newPassword', (given) => post('change-password', { currentPassword: password, newPassword: given })],
  'change (current)': [
    'body.currentPassword',
    (given) => post('change-password', { currentPassword: given, newPassword: 'An0ther-One' }),
  ],
  acceptance: ['body.password', (given) => accept(api.connect(), { ...newAccount(inviteToken), password: given })],
  deletion: ['body.password', (given) => owner.client.inject('DELETE', '/api/v1/users/me', { password: given })],
  'unlinking Google': [
    'body.password',
    (given) => owner.client.inject('DELETE', '/api/v1/auth/google', { password: given }),
  ],
  'totp/setup': ['body.password', (given) => post('two-factor/totp/setup', { password: given })],
  'otp/enable': ['body.password', (given) => post('two-factor/otp/enable', { password: given })],
  'recovery-codes': [
    'body.password',
    (given) => post('two-factor/recovery-codes', { password: given, code: '123456' }),
  ],
  disable: ['body.password', (given) => post('two-factor/disable', { password: given, code: '123456' })],
}

describe.each(Object.keys(routes))('%s', (route) => {
  test.each([
    ['a high half of a character', 'Str0ng-\ud800-Enough', 'lone surrogate'],
    ['a low half of a character', 'Str0ng-\udfff-Enough', 'lone surrogate'],
    ['two halves in the wrong order', 'Str0ng-\udc00\ud800-Enough', 'lone surrogate'],
    ['NUL', 'Str0ng-\0-Enough', 'NUL'],
  ])('refuses a password with %s, naming the field', async (_name, given, message) => {
    const [path, send] = routes[route] as (typeof routes)[string]
    const answer = await send(given)
    expect([answer.statusCode, answer.json().error]).toMatchObject([
      400,
      { code: 'VALIDATION_FAILED', details: [{ path, message: expect.stringContaining(message) }] },
    ])
  })
})

test.each([
  ['a control character', 'Str0ng-\x07-Enough'],
  ['a replacement character, which stands for one that was lost', 'Str0ng-\ufffd-Enough'],
])('a new password with %s is refused', async (_name, given) => {
  const answer = await register(api.connect(), { ...newUser(), password: given })
  expect(answer.json().error.details).toMatchObject([{ path: 'body.password' }])
})

test('a password of whole surrogate pairs signs in, and only with the same ones', async () => {
  const given = 'Str0ng-\u{1F600}\u{1F9E1}'
  const { email } = await registered(api, { ...newUser(), password: given })
  expect((await login(api.connect(), email, given)).statusCode).toBe(200)
  expect((await login(api.connect(), email, 'Str0ng-\u{1F600}\u{1F9E0}')).json().error.code).toBe('INVALID_CREDENTIALS')
})
