import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../testing.ts'
import { createFlows, flowCookieName, newPerson, refused, webUrl } from './testing/google-flows.ts'
import { type OidcIssuer, startOidcIssuer } from './testing/oidc-issuer.ts'

let clock: ManualClock
let issuer: OidcIssuer
let api: TestApp
let flows: ReturnType<typeof createFlows>

beforeAll(async () => {
  clock = manualClock()
  issuer = await startOidcIssuer({})
  api = await buildTestApp({ clock, config: { google: issuer.settings } })
  flows = createFlows(api)
})
afterAll(async () => {
  await api.close()
  await issuer.stop()
})

const isSignedIn = async (client: TestClient) => (await client.inject('GET', '/api/v1/users/me')).statusCode === 200
const countUsers = async () => (await api.db.selectFrom('users').select('id').execute()).length

test('asks for a code with PKCE, state, nonce and the exact address to come back to', async () => {
  const { location } = await flows.begin(api.connect())
  const url = new URL(location)
  expect(url.origin).toBe(issuer.settings.issuer.origin)
  const secret = expect.stringMatching(/^[\w-]{43}$/)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: issuer.settings.clientId,
    response_type: 'code',
    scope: 'openid email profile',
    redirect_uri: 'http://localhost:3000/api/v1/auth/google/callback',
    code_challenge_method: 'S256',
    code_challenge: secret,
    state: secret,
    nonce: secret,
  })
})

test('who says no at Google comes back with access_denied', async () => {
  const { client, location } = await flows.signIn('cancel')
  expect([location, client.cookies.has(flowCookieName)]).toEqual([refused('access_denied'), false])
})

test('an ID token that was made for another nonce is not believed', async () => {
  const { client, callback } = await flows.almost(newPerson(), { changes: { nonce: 'another' } })
  const before = await countUsers()
  expect((await flows.comeBack(client, callback)).location).toBe(refused('failed'))
  expect(await countUsers()).toBe(before)
})

test('a code that was asked for with another PKCE challenge is worth nothing', async () => {
  const { client, callback } = await flows.almost(newPerson(), { changes: { code_challenge: 'x'.repeat(43) } })
  expect((await flows.comeBack(client, callback)).location).toBe(refused('flow_invalid'))
})

test('a callback with another state is refused, and the flow is over', async () => {
  const { client, callback } = await flows.almost(newPerson())
  const wrong = new URL(callback)
  wrong.searchParams.set('state', 'x'.repeat(43))
  expect((await flows.comeBack(client, wrong)).location).toBe(refused('flow_invalid'))
  expect(client.cookies.has(flowCookieName)).toBe(false)
  expect((await flows.comeBack(client, callback)).location).toBe(refused('flow_invalid'))
})

test('a foreign page sends nobody through a sign-in', async () => {
  const sent = await api.connect().inject('GET', '/api/v1/auth/google', undefined, { 'sec-fetch-site': 'cross-site' })
  expect(sent.headers.location).toBe(refused('flow_invalid'))
  for (const site of ['same-site', 'same-origin', 'none']) {
    const begun = await api.connect().inject('GET', '/api/v1/auth/google', undefined, { 'sec-fetch-site': site })
    expect(begun.headers.location).not.toContain('error=')
  }
})

test('nobody is signed in as somebody else by the callback of their flow', async () => {
  const theirs = await flows.almost(newPerson())
  const victims = [api.connect(), (await flows.almost(newPerson())).client]
  for (const victim of victims) {
    expect((await flows.comeBack(victim, theirs.callback)).location).toBe(refused('flow_invalid'))
    expect(await isSignedIn(victim)).toBe(false)
  }
})

test('a callback works once, also with a copy of the cookie', async () => {
  const { client, callback } = await flows.almost(newPerson())
  const copy = api.connect(new Map(client.cookies))
  expect((await flows.comeBack(client, callback)).location).toBe(webUrl)
  expect((await flows.comeBack(copy, callback)).location).toBe(refused('flow_invalid'))
})

test('a flow works once, also when the issuer hands out a second code for it', async () => {
  const person = newPerson()
  const { client, callback, browser, address } = await flows.almost(person)
  const copy = api.connect(new Map(client.cookies))
  const second = await browser.visit(address, person)
  expect(second.searchParams.get('code')).not.toBe(callback.searchParams.get('code'))
  expect((await flows.comeBack(client, callback)).location).toBe(webUrl)
  expect((await flows.comeBack(copy, second)).location).toBe(refused('flow_invalid'))
})

test('a flow of more than ten minutes ago is refused although the browser still has its cookie', async () => {
  const early = await flows.almost(newPerson())
  const late = await flows.almost(newPerson())
  clock.advance(599_000)
  expect((await flows.comeBack(early.client, early.callback)).location).toBe(webUrl)
  clock.advance(1_000)
  expect((await flows.comeBack(late.client, late.callback)).location).toBe(refused('flow_invalid'))
})

test('a flow cookie that somebody changed is none', async () => {
  const { client, callback } = await flows.almost(newPerson())
  const value = client.cookies.get(flowCookieName) as string
  for (const changed of [`${value.slice(0, -6)}AAAAAA`, value.replace(/^k1/, 'k2'), 'x', `${value}.x`.repeat(9)]) {
    const other = api.connect(new Map([[flowCookieName, changed]]))
    expect((await flows.comeBack(other, callback)).location).toBe(refused('flow_invalid'))
  }
})

test('the flow cookie is for the server and this way alone', async () => {
  const { answer } = await flows.begin(api.connect(), '?inviteToken=S3cret')
  const cookie = answer.cookies.find(({ name }) => name === flowCookieName)
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', maxAge: 600 })
  expect(Buffer.from(cookie?.value.split('.')[1] ?? '', 'base64url').toString('latin1')).not.toContain('S3cret')
})

test('queries that nobody could mean are refused before anything begins', async () => {
  for (const query of ['?inviteToken=', '?inviteToken=a&inviteToken=b', '?rememberMe=maybe', '?next=/home']) {
    const { answer } = await flows.begin(api.connect(), query)
    expect([query, answer.statusCode, answer.json().error.code]).toEqual([query, 400, 'VALIDATION_FAILED'])
    expect(answer.json().error.details).toHaveLength(1)
  }
})

test('whatever comes to the callback is answered by a redirect', async () => {
  const { client, callback } = await flows.almost(newPerson())
  const state = callback.searchParams.get('state')
  for (const query of ['', '?', '?code=a&code=b', `?state=${state}&state=${state}&code=a`, '?error=%00<script>']) {
    const copy = api.connect(new Map(client.cookies))
    const answer = await copy.inject('GET', `/api/v1/auth/google/callback${query}`)
    expect([query, answer.statusCode]).toEqual([query, 302])
    expect(answer.headers.location).toMatch(/\/login\?error=(flow_invalid|failed)$/)
  }
})
