import { optOutToken, templates } from '@muster/mail'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const { optOut } = templates['morning-digest']
const tokenOf = ({ userId }: TestUser) => optOutToken(api.deps.config.keys.mailCode, optOut, userId)
const path = (token: string) => `/api/v1/unsubscribe?token=${token}`
const preferencesOf = async (user: TestUser) =>
  (await user.inject('GET', '/api/v1/users/me/preferences')).json().data.preferences
const eventsOn = ({ userId }: TestUser) =>
  api.db
    .selectFrom('audit_pending')
    .select(['actor_id', 'before', 'after'])
    .where('action', '=', 'user.preferences_changed')
    .where('target_id', '=', userId)
    .orderBy('id')
    .execute()

/** Sends the opt-out as mail providers do (RFC 8058, 3.1). */
const oneClick = (token: string, headers: Record<string, string> = {}) =>
  api.connect().inject('POST', path(token), 'List-Unsubscribe=One-Click', {
    'content-type': 'application/x-www-form-urlencoded',
    ...headers,
  })

test('one POST without a session turns the digest off, keeps other preferences and is audited once', async () => {
  const user = await api.signUp()
  await user.inject('PUT', '/api/v1/users/me/preferences', { hourBefore: false })
  for (let times = 0; times < 3; times++) {
    const answer = await oneClick(tokenOf(user))
    expect([answer.statusCode, answer.json().success]).toEqual([200, true])
  }
  expect(await preferencesOf(user)).toMatchObject({ morningDigest: false, hourBefore: false })
  expect((await eventsOn(user)).at(-1)).toEqual({
    actor_id: null,
    before: { hourBefore: false },
    after: { morningDigest: false, hourBefore: false },
  })
  expect(await eventsOn(user)).toHaveLength(2)
})

test.each(['multipart/form-data; boundary=b', 'application/json', undefined])(
  'a POST with a body of type %s turns the digest off',
  async (type) => {
    const user = await api.signUp()
    const body = type?.startsWith('multipart')
      ? '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
      : undefined
    const answer = await api.connect().inject('POST', path(tokenOf(user)), body, type ? { 'content-type': type } : {})
    expect(answer.statusCode).toBe(200)
    expect(await preferencesOf(user)).toMatchObject({ morningDigest: false })
  },
)

test('opening the link changes nothing and shows a page whose form turns the digest off', async () => {
  const user = await api.signUp()
  const answer = await api.connect().inject('GET', path(tokenOf(user)))
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(answer.body).toContain(`<form method="post" action="?token=${tokenOf(user)}">`)
  expect(answer.headers['content-security-policy']).toContain("form-action 'self'")
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
  // With `no-referrer` a browser would send the form with `Origin: null` and be refused.
  expect(answer.headers['referrer-policy']).toBe('same-origin')
  expect(await preferencesOf(user)).toMatchObject({ morningDigest: true })

  const headers = { accept: 'text/html,*/*', origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }
  const posted = await oneClick(tokenOf(user), headers)
  expect([posted.statusCode, posted.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(posted.body).toContain('are turned off')
  expect(await preferencesOf(user)).toMatchObject({ morningDigest: false })
})

test('a POST from a page of another origin is refused', async () => {
  const user = await api.signUp()
  expect((await oneClick(tokenOf(user), { origin: 'https://evil.example' })).statusCode).toBe(403)
  expect(await preferencesOf(user)).toMatchObject({ morningDigest: true })
})

test('an invalid token changes nothing, and markup in it is escaped', async () => {
  const [user, other] = [await api.signUp(), await api.signUp()]
  const [, secret] = tokenOf(other).split('.')
  for (const token of [`${user.userId}.${secret}`, user.userId, `${tokenOf(user)}A`, 'none']) {
    const answer = await oneClick(token)
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'TOKEN_INVALID'])
  }
  const page = await oneClick('none', { accept: 'text/html' })
  expect([page.statusCode, page.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8'])
  const open = (url: string) => api.connect().inject('GET', url, undefined, { accept: 'text/html' })
  for (const url of [path('none'), path('%22%3E%3Cscript%3E'), '/api/v1/unsubscribe']) {
    const { statusCode, body } = await open(url)
    expect([statusCode, body.includes('<form'), body.includes('<script>')]).toEqual([400, false, false])
  }
  expect((await open(`${path(tokenOf(user))}&utm_source=mail`)).body).toContain('<form')
  expect((await api.connect().inject('POST', '/api/v1/unsubscribe')).statusCode).toBe(400)
  expect(await preferencesOf(user)).toMatchObject({ morningDigest: true })
})

test('the link of a mail about unread messages turns off those mails alone', async () => {
  const user = await api.signUp()
  const token = optOutToken(api.deps.config.keys.mailCode, templates['unread-messages'].optOut, user.userId)
  const shown = await api.connect().inject('GET', path(token), undefined, { accept: 'text/html' })
  expect(shown.body).toContain('about unread messages')
  for (let times = 0; times < 2; times++)
    expect((await oneClick(token)).json().message).toBe('The mails about unread messages are turned off.')
  expect(await preferencesOf(user)).toMatchObject({
    morningDigest: true,
    notifications: { chat: { inApp: true, email: false } },
  })
  expect(await eventsOn(user)).toEqual([
    { actor_id: null, before: {}, after: { notifications: { chat: { email: false } } } },
  ])
})

test('a token stays valid after its key is rotated', async () => {
  const keys = api.deps.config.keys.mailCode.keys as Map<string, Buffer>
  const older = { currentId: 'old', keys: new Map([['old', Buffer.alloc(32, 9)]]) }
  const user = await api.signUp()
  const token = optOutToken(older, optOut, user.userId)
  expect((await oneClick(token)).statusCode).toBe(400)
  keys.set('old', Buffer.alloc(32, 9))
  expect((await oneClick(token)).statusCode).toBe(200)
  keys.delete('old')
})
