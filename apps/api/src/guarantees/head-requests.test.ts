import { newId } from '@muster/db'
import { insertMail } from '@muster/mail'
import { eventually, insertChatFile, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { uploadTo } from '../modules/attachments/testing/upload-fixtures.ts'
import { createGroup, send } from '../modules/chats/testing/chat-fixtures.ts'
import { listPage, notify } from '../modules/notifications/testing/notifications-fixtures.ts'
import { accessTokenTtlMs } from '../modules/sessions/access-tokens.ts'
import { createTask } from '../modules/tasks/testing/tasks-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

const clock = manualClock()
let api: TestApp
let admin: TestUser
let owner: TestUser
let urls: string[]

beforeAll(async () => {
  api = await buildTestApp({ clock })
  admin = await api.signUp({ role: 'super_admin' })
  owner = await api.signUp()
  urls = await createUrls()
})
afterAll(() => api.close())

/** Returns the URL of every GET, with ids of existing resources, so that each handler runs as far as possible. */
async function createUrls(): Promise<string[]> {
  const task = await createTask(owner, { dueDate: '2099-01-01T12:00:00.000Z' })
  const reminder = await owner.inject('POST', '/api/v1/reminders', { taskId: task.id, offsetMinutes: 30 })
  const chat = await createGroup(owner, [])
  const message = await send(owner, chat.id)
  const uploader = { id: owner.userId, organization_id: owner.organizationId }
  const file = await insertChatFile(api.db, chat, uploader)
  await api.listen()
  const { body: uploaded } = await uploadTo({ user: owner, task: task.id }, { 'notes.txt': 'Water them.' })
  const mailId = await api.deps.transact((tx) =>
    insertMail(tx, { template: 'already-registered', to: owner.email, data: { name: 'Ann' } }),
  )
  await notify(api, [{ userId: owner.userId, type: 'general', title: 'News', message: 'Some.' }])
  const { notifications } = await listPage(owner)
  const ids: Record<string, string | undefined> = {
    '/tasks/{id}': task.id,
    '/reminders/{id}': reminder.json().data.reminder.id,
    '/chats/{id}': chat.id,
    '/attachments/{id}': uploaded.data.attachments[0]?.id,
    '/users/{id}': owner.userId,
    '/admin/emails/{id}': mailId,
    '/admin/organizations/{id}': owner.organizationId ?? undefined,
    '/notifications/{id}': notifications[0]?.id,
  }
  const withId = (path: string) => {
    const [route, id] = Object.entries(ids).find(([name]) => path.includes(name)) ?? []
    return route && id ? path.replace(route, route.replace('{id}', id)) : path
  }
  const { paths } = (await api.connect().inject('GET', '/openapi.json')).json() as { paths: Record<string, object> }
  const documented = Object.keys(paths).filter((path) => 'get' in (paths[path] ?? {}))
  return [...documented, '/docs/', '/docs/js/scalar.js', '/openapi.json', '/api/v1/admin/queues/board/'].map((path) =>
    withId(path)
      .replace('{name}', 'email')
      .replace('{token}', 'none')
      .replace('{requestId}', newId())
      .replace('{messageId}', message.id)
      .replace('{attachmentId}', file.id)
      .replace(/\/chats\/search$/, '$&?q=hello')
      .replace(/\/api\/v1\/users$/, '$&?q=user')
      .replace(/\/consequences$/, '$&?action=deactivate')
      .replace(/\/analytics\/days$/, '$&?from=2026-01-01&to=2026-01-07')
      .replace(/\/emails\/results$/, '$&?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z'),
  )
}

/**
 * Returns a digest of each table, without the audit events of denied access, presence, which is written some time after a request, and when
 * jobs were published: jobs that no worker takes are published again after a while.
 */
async function fingerprint(): Promise<Map<string, string>> {
  const { rows: tables } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`.execute(api.db)
  const each = tables.map(
    ({ name }) => sql`
      select ${name}::text as name, count(*)::int as rows, sum(hashtextextended((to_jsonb(t) - array['last_seen_at', 'published_at'])::text, 0))::text as digest
      from ${sql.table(name)} t where ${name === 'audit_pending' ? sql`action <> 'access.denied'` : sql`true`}`,
  )
  const { rows } = await sql<{ name: string }>`${sql.join(each, sql` union all `)}`.execute(api.db)
  return new Map(rows.map((row) => [row.name, JSON.stringify(row)]))
}

/** Returns the names of the tables that changed since a fingerprint. */
async function changedSince(before: Map<string, string>): Promise<string> {
  const after = await fingerprint()
  return [...before.keys()].filter((name) => after.get(name) !== before.get(name)).join(', ')
}

test('every tested URL exists, so that effects would show', async () => {
  expect(urls.filter((url) => url.includes('{'))).toEqual([])
  const missing: string[] = []
  for (const url of urls) {
    const answers = await eventually(async () => {
      const found = await Promise.all([admin, owner].map((caller) => caller.inject('GET', url)))
      if (found.some(({ statusCode }) => statusCode === 503)) throw new Error(`${url} is unavailable`)
      return found
    })
    if (answers.every(({ statusCode }) => statusCode >= 400)) missing.push(url)
  }
  // No user and no group here has a picture, and links from mails need their token.
  expect(missing.map((url) => url.replace(/[0-9a-f-]{36}/, ':id'))).toEqual([
    '/api/v1/unsubscribe',
    '/api/v1/users/:id/avatar',
    '/api/v1/invites/details/none',
    '/api/v1/attachments/:id/thumbnail',
    '/api/v1/chats/:id/avatar',
  ])
})

test('HEAD never writes to the database or sets a cookie, for any caller', async () => {
  expect(urls.length).toBeGreaterThan(35)
  const effects: string[] = []
  for (const caller of [admin, owner, api.connect()]) {
    for (const url of urls) {
      const before = await fingerprint()
      const answer = await caller.inject('HEAD', url)
      if (answer.cookies.length > 0 || answer.body !== '' || answer.statusCode >= 500)
        effects.push(`${url} sets a cookie, sends a body or fails`)
      const changed = await changedSince(before)
      if (changed) effects.push(`${url} writes ${changed}`)
    }
  }
  expect(effects).toEqual([])
})

test('GET of a route with HEAD writes nothing except presence', async () => {
  const effects: string[] = []
  for (const caller of [admin, owner]) {
    for (const url of urls) {
      if ((await caller.inject('HEAD', url)).statusCode === 405) continue
      const before = await fingerprint()
      await caller.inject('GET', url)
      const changed = await changedSince(before)
      if (changed) effects.push(`${url} writes ${changed}`)
    }
  }
  expect(effects).toEqual([])
})

describe('with an expired access token', () => {
  const rotations = ({ sessionId }: TestUser) =>
    api.db
      .selectFrom('sessions')
      .select(['generation', 'successor_seen', 'last_used_at', 'revoked_at'])
      .where('id', '=', sessionId)
      .executeTakeFirstOrThrow()

  test('HEAD authenticates by the refresh token and does not rotate it', async () => {
    const user = await api.signUp()
    clock.advance(accessTokenTtlMs)
    const before = await rotations(user)
    const answer = await user.inject('HEAD', '/api/v1/users/me')
    expect([answer.statusCode, answer.cookies]).toEqual([200, []])
    expect(await rotations(user)).toEqual(before)
    expect((await user.inject('GET', '/api/v1/users/me')).cookies).toHaveLength(2)
    expect(await rotations(user)).toMatchObject({ generation: 1 })
  })

  test('HEAD refuses a rotated refresh token and ends no session', async () => {
    const user = await api.signUp()
    const copy = api.connect(new Map(user.cookies))
    for (let times = 0; times < 2; times++) {
      clock.advance(accessTokenTtlMs)
      await user.inject('GET', '/api/v1/users/me')
    }
    const answer = await copy.inject('HEAD', '/api/v1/users/me')
    expect([answer.statusCode, answer.cookies]).toEqual([401, []])
    expect(await rotations(user)).toMatchObject({ revoked_at: null })
  })

  test.each(['x', 'muster_rt', ''])('HEAD refuses %j as a refresh token', async (token) => {
    const client = api.connect(new Map([['muster_rt', token]]))
    expect((await client.inject('HEAD', '/api/v1/users/me')).statusCode).toBe(401)
  })
})
