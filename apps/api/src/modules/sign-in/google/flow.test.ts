import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../../testing/test-app.ts'
import { createFlows, flowCookiesOf, newUser, refused, webUrl } from './testing/google-flows.ts'
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

test('requests a code with PKCE, state, nonce and the exact redirect URI', async () => {
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

test('a user who cancels at Google returns with access_denied', async () => {
  const { client, location } = await flows.signIn('cancel')
  expect([location, flowCookiesOf(client)]).toEqual([refused('access_denied'), []])
})

test('an ID token with another nonce is refused', async () => {
  const { client, callback } = await flows.almost(newUser(), { changes: { nonce: 'another' } })
  const before = await countUsers()
  expect((await flows.comeBack(client, callback)).location).toBe(refused('failed'))
  expect(await countUsers()).toBe(before)
})

test('a code of another PKCE challenge is refused', async () => {
  const { client, callback } = await flows.almost(newUser(), { changes: { code_challenge: 'x'.repeat(43) } })
  expect((await flows.comeBack(client, callback)).location).toBe(refused('flow_invalid'))
})

test('a callback with an unknown state has no effect, and the browser’s flow continues', async () => {
  const { client, callback } = await flows.almost(newUser())
  const state = callback.searchParams.get('state') ?? ''
  for (const query of [
    '',
    '?state=',
    `?state=${'x'.repeat(43)}&code=a`,
    `?state=${state.toLowerCase()}x&code=a`,
    `?state=${state}&state=${state}&code=a`,
    `?state=x&state=${state}&code=a`,
    `?state[]=${state}&code=a`,
    '?error=access_denied',
    '?error=access_denied&state=__proto__',
  ]) {
    const answer = await client.inject('GET', `/api/v1/auth/google/callback${query}`)
    expect([query, answer.headers.location, answer.cookies]).toEqual([query, refused('flow_invalid'), []])
  }
  expect((await flows.comeBack(client, callback)).location).toBe(webUrl)
})

describe('flows in several tabs of one browser', () => {
  const begun = async (count: number, client = api.connect()) => {
    const tabs = []
    for (let tab = 0; tab < count; tab++) {
      tabs.push(await flows.almost(newUser(), { client }))
      clock.advance(1_000)
    }
    return { client, tabs: tabs.map(({ callback }) => callback) }
  }
  const finish = async (client: TestClient, callback: URL | undefined) =>
    (await flows.comeBack(client, callback as URL)).location

  test.each([
    ['the older first', [0, 1]],
    ['the newer first', [1, 0]],
  ])('can each be finished: %s', async (_order, order) => {
    const { client, tabs } = await begun(2)
    for (const tab of order) {
      expect(await finish(client, tabs[tab])).toBe(webUrl)
      expect(await isSignedIn(client)).toBe(true)
    }
    expect(flowCookiesOf(client)).toEqual([])
  })

  test('can each be finished in parallel', async () => {
    const { client, tabs } = await begun(3)
    expect(await Promise.all(tabs.map((callback) => finish(client, callback)))).toEqual([webUrl, webUrl, webUrl])
    expect(flowCookiesOf(client)).toEqual([])
  })

  test('a cancelled one ends only itself', async () => {
    const client = api.connect()
    const cancelled = await flows.almost('cancel', { client })
    const other = await flows.almost(newUser(), { client })
    expect(await finish(client, cancelled.callback)).toBe(refused('access_denied'))
    expect(flowCookiesOf(client)).toHaveLength(1)
    expect(await finish(client, other.callback)).toBe(webUrl)
  })

  test('one that is finished twice fails the second time, and ends no session', async () => {
    const { client, tabs } = await begun(2)
    const [first, second] = tabs
    const both = await Promise.all([finish(client, first), finish(client, first)])
    expect(both.sort()).toEqual([webUrl, refused('flow_invalid')])
    expect([await finish(client, first), await isSignedIn(client)]).toEqual([refused('flow_invalid'), true])
    expect(await finish(client, second)).toBe(webUrl)
  })

  test('are at most five: the oldest is removed', async () => {
    const { client, tabs } = await begun(7)
    expect(flowCookiesOf(client)).toHaveLength(5)
    for (const [tab, callback] of tabs.entries())
      expect([tab, await finish(client, callback)]).toEqual([tab, tab < 2 ? refused('flow_invalid') : webUrl])
  })

  test('the value of one in the cookie of another is refused', async () => {
    const { client, tabs } = await begun(2)
    const [older = '', newer = ''] = flowCookiesOf(client)
    client.cookies.set(newer, client.cookies.get(older) ?? '')
    expect(await finish(client, tabs[1])).toBe(refused('flow_invalid'))
    expect(await finish(client, tabs[0])).toBe(webUrl)
  })

  test('are neither begun nor finished by HEAD, which sets no cookie', async () => {
    const { client, tabs } = await begun(1)
    for (const url of ['/api/v1/auth/google', `${tabs[0]?.pathname}${tabs[0]?.search}`]) {
      const answer = await client.inject('HEAD', url)
      expect([answer.statusCode, answer.cookies, answer.headers.location]).toEqual([405, [], undefined])
      expect(answer.headers.allow).not.toContain('HEAD')
    }
    expect(await isSignedIn(client)).toBe(false)
    expect(await finish(client, tabs[0])).toBe(webUrl)
  })
})

test('a cross-site navigation begins no sign-in', async () => {
  const sent = await api.connect().inject('GET', '/api/v1/auth/google', undefined, { 'sec-fetch-site': 'cross-site' })
  expect(sent.headers.location).toBe(refused('flow_invalid'))
  for (const site of ['same-site', 'same-origin', 'none']) {
    const begun = await api.connect().inject('GET', '/api/v1/auth/google', undefined, { 'sec-fetch-site': site })
    expect(begun.headers.location).not.toContain('error=')
  }
})

test('the callback of another browser’s flow opens no session', async () => {
  const theirs = await flows.almost(newUser())
  const victims = [api.connect(), (await flows.almost(newUser())).client]
  for (const victim of victims) {
    expect((await flows.comeBack(victim, theirs.callback)).location).toBe(refused('flow_invalid'))
    expect(await isSignedIn(victim)).toBe(false)
  }
})

test('a callback works once, even with a copy of the cookie', async () => {
  const { client, callback } = await flows.almost(newUser())
  const copy = api.connect(new Map(client.cookies))
  expect((await flows.comeBack(client, callback)).location).toBe(webUrl)
  expect((await flows.comeBack(copy, callback)).location).toBe(refused('flow_invalid'))
})

test('a flow works once, even with a second code of the issuer', async () => {
  const user = newUser()
  const { client, callback, browser, address } = await flows.almost(user)
  const copy = api.connect(new Map(client.cookies))
  const second = await browser.visit(address, user)
  expect(second.searchParams.get('code')).not.toBe(callback.searchParams.get('code'))
  expect((await flows.comeBack(client, callback)).location).toBe(webUrl)
  expect((await flows.comeBack(copy, second)).location).toBe(refused('flow_invalid'))
})

test('a flow older than ten minutes is refused, even with its cookie', async () => {
  const early = await flows.almost(newUser())
  const late = await flows.almost(newUser())
  clock.advance(599_000)
  expect((await flows.comeBack(early.client, early.callback)).location).toBe(webUrl)
  clock.advance(1_000)
  expect((await flows.comeBack(late.client, late.callback)).location).toBe(refused('flow_invalid'))
})

test('a changed flow cookie is refused', async () => {
  const { client, callback } = await flows.almost(newUser())
  const [name = ''] = flowCookiesOf(client)
  const value = client.cookies.get(name) as string
  for (const changed of [`${value.slice(0, -6)}AAAAAA`, value.replace('.k1.', '.k2.'), 'x', `${value}.x`.repeat(9)]) {
    const other = api.connect(new Map([[name, changed]]))
    expect((await flows.comeBack(other, callback)).location).toBe(refused('flow_invalid'))
  }
})

test('the flow cookie is httpOnly, sealed and limited to ten minutes', async () => {
  const { answer } = await flows.begin(api.connect(), '?inviteToken=S3cret')
  const [cookie] = answer.cookies
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', maxAge: 600 })
  expect(Buffer.from(cookie?.value.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('S3cret')
})

test('invalid queries are refused before a flow begins', async () => {
  for (const query of ['?inviteToken=', '?inviteToken=a&inviteToken=b', '?rememberMe=maybe', '?next=/home']) {
    const { answer } = await flows.begin(api.connect(), query)
    expect([query, answer.statusCode, answer.json().error.code]).toEqual([query, 400, 'VALIDATION_FAILED'])
    expect(answer.json().error.details).toHaveLength(1)
  }
})

test('every request of the callback is answered by a redirect', async () => {
  const { client, callback } = await flows.almost(newUser())
  const state = callback.searchParams.get('state')
  for (const query of [
    '',
    '?',
    '?code=a&code=b',
    `?state=${state}&state=${state}&code=a`,
    '?error=%00<script>',
    `?state=${state}&error=%00`,
  ]) {
    const copy = api.connect(new Map(client.cookies))
    const answer = await copy.inject('GET', `/api/v1/auth/google/callback${query}`)
    expect([query, answer.statusCode]).toEqual([query, 302])
    expect(answer.headers.location).toMatch(/\/login\?error=(flow_invalid|failed|access_denied)$/)
  }
})
