import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Config, readConfig } from '../../../config.ts'
import { buildTestApp, type TestApp } from '../../../testing/test-app.ts'
import { createFlows, newUser, refused, webUrl } from './testing/google-flows.ts'
import { type OidcIssuer, startOidcIssuer } from './testing/oidc-issuer.ts'

const aFewSecondsMs = 5_000

const toClose: (() => Promise<void>)[] = []
const closeAll = async () => {
  for (const close of toClose.splice(0).reverse()) await close()
}

async function issuerOf(options: Parameters<typeof startOidcIssuer>[0] = {}): Promise<OidcIssuer> {
  const issuer = await startOidcIssuer(options)
  toClose.push(issuer.stop)
  return issuer
}

async function appWith(config: Partial<Config>): Promise<TestApp & { flows: ReturnType<typeof createFlows> }> {
  const api = await buildTestApp({ config })
  toClose.push(api.close)
  return { ...api, flows: createFlows(api) }
}

const countUsers = async (api: TestApp) => (await api.db.selectFrom('users').select('id').execute()).length
const timed = async <T>(work: Promise<T>) => {
  const startMs = performance.now()
  return { value: await work, ms: performance.now() - startMs }
}

describe('an issuer', () => {
  afterEach(closeAll)

  test('that has claims only at UserInfo and takes the secret in the header is supported', async () => {
    const issuer = await issuerOf({ style: 'plain' })
    const { flows, db } = await appWith({ google: issuer.settings })
    const user = newUser({ name: 'Plain User' })
    for (const _ of ['first', 'again']) expect((await flows.signIn(user)).location).toBe(webUrl)
    const users = await db.selectFrom('users').select(['username', 'email', 'google_id']).execute()
    // Another user may have this subject at another issuer.
    const googleId = `${issuer.settings.issuer.href}#${user.sub}`
    expect(users).toEqual([{ username: 'plain_user', email: user.email, google_id: googleId }])
  })

  test('whose ID token has an invalid signature is refused', async () => {
    const issuer = await issuerOf({ style: 'forging' })
    const api = await appWith({ google: issuer.settings })
    expect((await api.flows.signIn(newUser())).location).toBe(refused('failed'))
    expect(await countUsers(api)).toBe(0)
  })

  test('that is down is reported within seconds, delays no start, and is used again later', async () => {
    const issuer = await issuerOf({ isDown: true })
    const { flows, connect } = await appWith({ google: issuer.settings })
    const down = await timed(flows.begin(connect()))
    expect(down.value.location).toBe(refused('unavailable'))
    expect(down.ms).toBeLessThan(aFewSecondsMs)
    await issuer.start()
    const begun = await flows.almost(newUser())
    await issuer.stop()
    const half = await timed(flows.comeBack(begun.client, begun.callback))
    expect(half.value.location).toBe(refused('unavailable'))
    expect(half.ms).toBeLessThan(aFewSecondsMs)
    await issuer.start()
    expect((await flows.signIn(newUser())).location).toBe(webUrl)
  })

  test('that accepts connections without answering delays a user only a few seconds', async () => {
    const issuer = await issuerOf()
    const [warm, cold] = [await appWith({ google: issuer.settings }), await appWith({ google: issuer.settings })]
    const begun = await warm.flows.almost(newUser())
    issuer.freeze()
    const [there, back] = await Promise.all([
      timed(cold.flows.begin(cold.connect())),
      timed(warm.flows.comeBack(begun.client, begun.callback)),
    ])
    expect([there.value.location, back.value.location]).toEqual([refused('unavailable'), refused('unavailable')])
    expect(Math.max(there.ms, back.ms)).toBeLessThan(aFewSecondsMs)
    issuer.thaw()
    expect((await cold.flows.signIn(newUser())).location).toBe(webUrl)
  })
})

describe('an installation', () => {
  let issuer: OidcIssuer
  beforeAll(async () => {
    issuer = await startOidcIssuer({ publicUrls: ['http://localhost:3000', 'https://api.example.test'] })
  })
  afterEach(closeAll)
  afterAll(() => issuer.stop())

  test('that the issuer refuses reports a failure, not an error of the user', async () => {
    const api = await appWith({ google: { ...issuer.settings, clientSecret: 'wrong' } })
    expect((await api.flows.signIn(newUser())).location).toBe(refused('failed'))
  })

  test('by invitation only admits linked users and no newcomers', async () => {
    const api = await appWith({ google: issuer.settings, isSignupOpen: false })
    const owner = await api.signUp()
    expect((await api.flows.signIn(newUser({ email: owner.email }))).location).toBe(webUrl)
    expect((await api.flows.signIn(newUser())).location).toBe(refused('registration_closed'))
    expect(await countUsers(api)).toBe(1)
  })

  test('refuses a flow with an unknown invitation, for any user', async () => {
    const api = await appWith({ google: issuer.settings, isSignupOpen: false })
    const owner = await api.signUp()
    for (const user of [newUser(), newUser({ email: owner.email })]) {
      const { location } = await api.flows.signIn(user, { query: '?inviteToken=some-token' })
      expect(location).toBe(refused('invite_invalid'))
    }
    expect(await api.db.selectFrom('users').select('google_id').execute()).toEqual([{ google_id: null }])
  })

  test('over https keeps the flow in a Secure cookie with the prefix __Host-', async () => {
    const config = {
      google: issuer.settings,
      publicUrl: new URL('https://api.example.test'),
      cookies: { isSecure: true },
    }
    const { flows, connect } = await appWith(config)
    const client = connect()
    const begun = await flows.begin(client)
    expect(begun.answer.cookies).toMatchObject([
      { name: expect.stringMatching(/^__Host-muster_flow_/), secure: true, path: '/' },
    ])
    expect(begun.answer.cookies[0]).not.toHaveProperty('domain')
    const { location, answer } = await flows.signIn(newUser(), { client })
    expect(location).toBe(webUrl)
    const cleared = answer.cookies.find(({ name }) => name.startsWith('__Host-muster_flow_'))
    expect(cleared).toMatchObject({ value: '', secure: true, path: '/', maxAge: 0 })
    expect([...client.cookies.keys()]).toContain('__Host-muster_at')
  })

  test('signs users in while Redis is unavailable', async () => {
    const api = await appWith({ google: issuer.settings })
    const begun = await api.flows.almost(newUser())
    api.deps.redis.close()
    expect((await api.flows.comeBack(begun.client, begun.callback)).location).toBe(webUrl)
  })

  test('without a client answers not_configured, and still permits unlinking', async () => {
    const api = await appWith({ google: undefined })
    expect((await api.flows.begin(api.connect())).location).toBe(refused('not_configured'))
    const { headers } = await api.connect().inject('GET', '/api/v1/auth/google/callback?code=a&state=b')
    expect(headers.location).toBe(refused('not_configured'))
    const owner = await api.signUp()
    await api.db.updateTable('users').set({ google_id: 'a', password_hash: 'b' }).execute()
    expect((await owner.inject('DELETE', '/api/v1/auth/google')).statusCode).toBe(200)
  })

  test('does not start with half a client, or in production with an http issuer', () => {
    const faultsOf = (env: NodeJS.ProcessEnv) => {
      try {
        readConfig(env)
        return []
      } catch (error) {
        return (error as { faults: string[] }).faults.filter((fault) => /^(OIDC|GOOGLE)/.test(fault))
      }
    }
    const half = { GOOGLE_CLIENT_ID: 'a' }
    expect(faultsOf(half)).toEqual(['GOOGLE_CLIENT_ID: set it together with GOOGLE_CLIENT_SECRET, or neither'])
    const plain = { GOOGLE_CLIENT_ID: 'a', GOOGLE_CLIENT_SECRET: 'b', OIDC_ISSUER: 'http://id.example.test' }
    expect(faultsOf({ ...plain, NODE_ENV: 'production' })).toEqual(['OIDC_ISSUER: production needs https'])
    expect(faultsOf(plain)).toEqual([])
  })
})
