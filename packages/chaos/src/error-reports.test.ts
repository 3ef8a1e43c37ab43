import { newId } from '@muster/db'
import { eventually } from '@muster/testing'
import { type SentryReceiver, startSentryReceiver } from '@muster/testing/sentry-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import type { User } from './users/user.ts'

let system: System
let sentry: SentryReceiver
let api: App
let user: User

beforeAll(async () => {
  ;[system, sentry] = await Promise.all([startSystem(), startSentryReceiver()])
  // With the option, stacks name the sources instead of the bundle.
  const env = { SENTRY_DSN: sentry.dsn, SENTRY_ENVIRONMENT: 'chaos', NODE_OPTIONS: '--enable-source-maps' }
  ;[api] = await Promise.all([system.start('api', { env }), system.start('email-worker', { env })])
  user = await system.registeredUser()
  // From here on, the storing of a profile fails with an error that quotes all that the request brought.
  await system.inspector.query(`
    create function refuse_profile() returns trigger language plpgsql as $$
    begin raise exception 'cannot store % for % (%) of "%"', new.name, new.email, new.password_hash, new.bio; end $$`)
  await system.inspector.query(
    'create trigger refuse_profile before update of name on users for each row execute function refuse_profile()',
  )
})
afterAll(async () => {
  await system?.close()
  await sentry?.close()
})

const waitForEvent = (tags: Record<string, string>) =>
  eventually(() => {
    const found = sentry.events.find((event) =>
      Object.entries(tags).every(([key, value]) => event.tags?.[key] === value),
    )
    if (!found) throw new Error(`No report with ${JSON.stringify(tags)} has arrived.`)
    return found
  })

test('an unexpected error is reported with its place, route and release, and without what the user sent', async () => {
  const secrets = { name: 'hunter2 on the moon', bio: 'my-secret-diary' }
  const headers = {
    'user-agent': 'planted-agent/9',
    'x-planted': 'planted-header-value',
    referer: 'https://planted.example/a?b=c',
  }
  const answer = await user.request('PATCH', '/users/me?planted=query-secret', secrets, { headers })
  expect(answer.status).toBe(500)
  const event = await waitForEvent({ route: '/api/v1/users/me', method: 'PATCH' })
  expect(event).toMatchObject({
    release: expect.stringMatching(/^muster@\d+\.\d+\.\d+$/),
    environment: 'chaos',
    level: 'error',
    tags: { process: 'api', request_id: answer.headers.get('x-request-id') },
  })
  const [error] = event.exception?.values.slice(-1) ?? []
  expect(error).toMatchObject({ type: 'error', value: expect.stringMatching(/^cannot store \[removed\] for /) })
  expect(error?.stacktrace?.frames.some(({ filename }) => filename?.includes('/apps/api/src/modules/'))).toBe(true)

  const sent = sentry.received.join('\n')
  const planted = [
    ...Object.values(secrets),
    ...Object.values(headers),
    'query-secret',
    user.email,
    user.username,
    '$2b$',
  ]
  expect(planted.filter((secret) => sent.includes(secret))).toEqual([])
  expect(system.secrets.findIn(sent)).toEqual([])
  for (const key of ['user', 'request', 'breadcrumbs', 'server_name', 'extra', 'modules'])
    expect(event).not.toHaveProperty(key)
})

test('a job that fails by a fault of Muster is reported; expected refusals of requests are not', async () => {
  await system.inspector.query(`insert into outbox (id, queue, name, payload) values ($1, 'email', 'send-email', $2)`, [
    newId(),
    JSON.stringify({ emailId: 'planted-in-a-job' }),
  ])
  const event = await waitForEvent({ process: 'email-worker' })
  expect(event.tags).toMatchObject({ queue: 'email', job: 'send-email' })
  expect(event.exception?.values[0]?.value).toMatch(/^malformed payload/)
  await user.request('POST', '/auth/login', { email: user.email, password: 'wrong' })
  await user.request('GET', `/tasks/${newId()}`)
  await user.request('POST', '/tasks', '{"title":')
  expect(sentry.events).toHaveLength(2)
  expect(sentry.received.join('\n')).not.toContain('planted-in-a-job')
})

test('a server of reports that is away delays and fails nothing, and is logged once', async () => {
  await sentry.close()
  for (let times = 0; times < 30; times++) {
    const { status, durationMs } = await user.request('PATCH', '/users/me', { name: `Name ${times}` })
    expect(status).toBe(500)
    expect(durationMs).toBeLessThan(5_000)
  }
  await eventually(() => expect(api.output()).toContain('error report not sent'))
  expect(api.output().match(/error report not sent/g)).toHaveLength(1)
  expect((await user.request('GET', '/users/me')).status).toBe(200)
  expect((await api.terminate()).code).toBe(0)
})
