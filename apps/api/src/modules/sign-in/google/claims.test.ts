import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../../testing/test-app.ts'
import { invited } from '../../invites/testing/invites-fixtures.ts'
import { createFlows, newUser, refused, webUrl } from './testing/google-flows.ts'
import { type OidcIssuer, startOidcIssuer } from './testing/oidc-issuer.ts'

let issuer: OidcIssuer
let plain: OidcIssuer
let api: TestApp
let plainApi: TestApp
let flows: ReturnType<typeof createFlows>
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  const started = await Promise.all([startOidcIssuer({}), startOidcIssuer({ style: 'plain' })])
  issuer = started[0]
  plain = started[1]
  api = await buildTestApp({
    config: { google: issuer.settings, logLevel: 'info' },
    onLog: (line) => void lines.push(line),
  })
  plainApi = await buildTestApp({ config: { google: plain.settings } })
  flows = createFlows(api)
})
afterAll(async () => {
  await Promise.all([api.close(), plainApi.close()])
  await Promise.all([issuer.stop(), plain.stop()])
})

const state = async ({ db }: TestApp) => ({
  users: await db.selectFrom('users').select(['id', 'email', 'google_id', 'version']).orderBy('id').execute(),
  sessions: await db.selectFrom('sessions').select('id').orderBy('id').execute(),
})
const kelvin = '\u212A'
const longS = '\u017F'

describe('a subject', () => {
  const odd: [string, unknown][] = [
    ['that is missing', null],
    ['that is empty', ''],
    ['of spaces', '   '],
    ['with a space around it', ' 100'],
    ['with a line end', '100\n'],
    ['that is a number', 100],
    ['that is zero', 0],
    ['that is true', true],
    ['that is a list', ['100']],
    ['that is an empty list', []],
    ['that is an object', { id: '100' }],
    ['of 256 characters', '1'.repeat(256)],
    ['of 100,000 characters', '1'.repeat(100_000)],
    ['with NUL', '100\0'],
    ['with DEL', '100\x7f'],
    ['with half of a character', '100\ud800'],
    ['outside of ASCII', `mi${kelvin}e`],
    ['of another alphabet’s digits', '\uff11\uff10\uff10'],
  ]

  test.each(odd)('%s opens no session, creates no account and is not a server error', async (_name, sub) => {
    const before = await state(api)
    lines.length = 0
    const { location } = await flows.signIn(newUser({ odd: { sub } }))
    expect(location).toBe(refused('failed'))
    expect(await state(api)).toEqual(before)
    expect(lines.filter(({ level }) => Number(level) >= 50)).toEqual([])
  })

  test.each(odd)('%s at the UserInfo endpoint is refused', async (_name, sub) => {
    const before = await state(plainApi)
    const { location } = await createFlows(plainApi).signIn(newUser({ odd: { sub } }))
    expect(location).toBe(refused('failed'))
    expect(await state(plainApi)).toEqual(before)
  })

  test('is compared exactly: case and leading zeros distinguish accounts', async () => {
    for (const sub of ['Abc', 'abc', '0100', '100', '100.0']) {
      const { location } = await flows.signIn(newUser({ odd: { sub } }))
      expect(location).toBe(webUrl)
    }
    const { users } = await state(api)
    expect(new Set(users.map(({ google_id }) => google_id)).size).toBe(users.length)
  })

  test('of 255 characters, and one like a distinguished name, are accepted', async () => {
    for (const sub of ['s'.repeat(255), 'CN=Ada Lovelace,OU=Engines', 'auth0|5f7c', '~!@#$%^&*()']) {
      const person = newUser({ odd: { sub } })
      expect((await flows.signIn(person)).location).toBe(webUrl)
      expect((await flows.signIn({ ...person, email: 'changed@example.test' })).location).toBe(webUrl)
    }
  })
})

test.each([
  ['another client', 'other'],
  ['nobody', ''],
  ['a list', ['other']],
])('an ID token whose azp names %s opens no session', async (_name, azp) => {
  const before = await state(api)
  expect((await flows.signIn(newUser({ odd: { azp } }))).location).toBe(refused('failed'))
  expect(await state(api)).toEqual(before)
})

test('an ID token whose azp names this client is accepted', async () => {
  const { location } = await flows.signIn(newUser({ odd: { azp: issuer.settings.clientId } }))
  expect(location).toBe(webUrl)
})

test.each(['', 'https://other.example.test'])('a callback of the issuer %j opens no session', async (iss) => {
  const { client, callback } = await flows.almost(newUser())
  callback.searchParams.set('iss', iss)
  expect((await flows.comeBack(client, callback)).location).toBe(refused('failed'))
})

describe('a verified e-mail', () => {
  test.each([
    ['with KELVIN SIGN', (at: string) => at.replace('k', kelvin)],
    ['with LONG S in its domain', (at: string) => at.replace('.test', `.te${longS}t`)],
    ['with a full-width letter', (at: string) => at.replace('mike', '\uff4dike')],
    ['with a dotted İ', (at: string) => at.replace('mike', 'm\u0130ke')],
    ['with a dotless ı', (at: string) => at.replace('mike', 'm\u0131ke')],
    ['with a full-width @', (at: string) => at.replace('@', '\uff20')],
    ['with an ideographic full stop', (at: string) => at.replace('.test', '\u3002test')],
    ['with a soft hyphen', (at: string) => at.replace('mike', 'mi\u00adke')],
    ['with a zero-width joiner', (at: string) => at.replace('mike', 'mi\u200dke')],
    ['with a combining mark', (at: string) => at.replace('mike', 'mike\u0301')],
    ['with a space before it', (at: string) => ` ${at}`],
    ['with a byte order mark', (at: string) => `\ufeff${at}`],
    ['with a line end behind it', (at: string) => `${at}\n`],
    ['with NUL', (at: string) => `${at}\0`],
    ['with half of a character', (at: string) => `\ud800${at}`],
    ['with a name beside it', (at: string) => `Mike <${at}>`],
    ['with a comment', (at: string) => at.replace('@', '(x)@')],
    ['and another behind it', (at: string) => `${at},other@example.test`],
  ])('%s is not the account’s address', async (_name, change) => {
    const email = `mike.${crypto.randomUUID()}@example.test`
    const owner = await api.signUp()
    await api.db.updateTable('users').set({ email }).where('id', '=', owner.userId).execute()
    const before = await state(api)
    const { location } = await flows.signIn(newUser({ odd: { email: change(email), email_verified: true } }))
    expect(location).toBe(refused('email_unverified'))
    expect(await state(api)).toEqual(before)
  })

  test.each([
    ['"true"', 'true'],
    ['1', 1],
    ['a list', [true]],
    ['missing', null],
    ['false', false],
  ])('is ignored when email_verified is %s', async (_name, verified) => {
    const owner = await api.signUp()
    const { location } = await flows.signIn(newUser({ odd: { email: owner.email, email_verified: verified } }))
    expect(location).toBe(refused('email_unverified'))
  })

  test.each([
    ['a list', (email: string) => [email]],
    ['an object', (email: string) => ({ toString: email })],
    ['missing', () => null],
    ['empty', () => ''],
    ['of 300 characters', (email: string) => `${'a'.repeat(300)}${email}`],
  ])('that is %s is ignored', async (_name, change) => {
    const owner = await api.signUp()
    const { location } = await flows.signIn(newUser({ odd: { email: change(owner.email) } }))
    expect(location).toBe(refused('email_unverified'))
  })

  test('with KELVIN SIGN cannot accept an invitation of the ASCII address', async () => {
    const { token, email } = await invited(api, await api.signUp(), 'client_user', `mike.${crypto.randomUUID()}@a.test`)
    const odd = { email: email.replace('k', kelvin), email_verified: true }
    const { location } = await flows.signIn(newUser({ odd }), { query: `?inviteToken=${token}` })
    expect(location).toBe(refused('email_unverified'))
  })

  test('in upper-case ASCII is the account’s address', async () => {
    const owner = await api.signUp()
    expect((await flows.signIn(newUser({ odd: { email: owner.email.toUpperCase() } }))).location).toBe(webUrl)
  })
})

test('a refused e-mail with characters that Postgres cannot store is still recorded', async () => {
  const { location } = await flows.signIn(newUser({ odd: { email: 'a\0b\ud800@example.test' } }))
  expect(location).toBe(refused('email_unverified'))
  await eventually(async () => {
    const events = await api.db
      .selectFrom('audit_pending')
      .selectAll()
      .where('action', '=', 'auth.login_failed')
      .execute()
    expect(events.at(-1)).toMatchObject({ target_type: 'email', target_id: 'unknown' })
  })
})

test.each([
  ['a list', ['Ada']],
  ['a number', 7],
  ['NUL', 'A\0da'],
  ['half of a character', '\ud800'],
  ['nothing that can be seen', '\u200b\u2060'],
  ['100,000 characters', 'a'.repeat(100_000)],
])('a name that is %s does not prevent an account', async (_name, name) => {
  const { client, location } = await flows.signIn(newUser({ odd: { name, zoneinfo: name } }))
  expect(location).toBe(webUrl)
  const { user } = (await client.inject('GET', '/api/v1/users/me')).json().data
  expect(user).toMatchObject({ name: expect.stringMatching(/\S/), timezone: 'UTC' })
})

test.each(['Admin', 'ADM1N', 'Support', '\uff33upport', 'no reply', 'Root 1', 'null', 'Everyone', 'Muster'])(
  'a newcomer named %s gets a username that is not reserved',
  async (name) => {
    const { client, location } = await flows.signIn(newUser({ name }))
    expect(location).toBe(webUrl)
    const { user } = (await client.inject('GET', '/api/v1/users/me')).json().data
    expect(user.username).toMatch(/^user_[0-9a-z]{4}$/)
  },
)
