import { newId } from '@muster/db'
import { collectGarbage, insertChatFile, insertReminder, insertTask } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../../testing/test-app.ts'
import { createDirect, createGroup, makeFriends, messagesUrl, send } from '../chats/testing/chat-fixtures.ts'
import { password, registered } from '../sign-in/testing/sign-in-fixtures.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
})
afterAll(() => api.close())

const path = '/api/v1/users/me/export'
type Exported = Record<string, Record<string, unknown>[]> & { profile: Record<string, unknown> }
const exportOf = async (client: TestClient) => {
  const answer = await client.inject('GET', path)
  expect(answer.statusCode, answer.body).toBe(200)
  return { answer, data: answer.json() as Exported }
}
const rowOf = ({ userId }: TestUser) =>
  api.db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirstOrThrow()

test('an export is one JSON file with all that a user has left in Muster', async () => {
  const { client, username, email, id } = await registered(api)
  const friend = await api.signUp()
  const blocked = await api.signUp()
  await client.inject('PATCH', '/api/v1/users/me', { bio: 'about me' }, { 'user-agent': 'My Browser' })
  await client.inject('PUT', '/api/v1/users/me/preferences', { hourBefore: false })
  await client.inject('POST', '/api/v1/friends/requests', { userId: friend.userId })
  await client.inject('POST', `/api/v1/friends/${blocked.userId}/block`)
  const row = await api.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const task = await insertTask(api.db, row, { title: 'My task' })
  await insertReminder(api.db, task)
  const fileId = newId()
  await api.db
    .insertInto('attachments')
    .values({
      id: fileId,
      task_id: task.id,
      uploader_id: id,
      filename: 'a.pdf',
      content_type: 'application/pdf',
      kind: 'document',
      status: 'ready',
      size_bytes: 5,
      original_size_bytes: 5,
      storage_key: 'attachments/x/original',
    })
    .execute()
  await api.db
    .insertInto('notifications')
    .values({ id: newId(), user_id: id, type: 'general', title: 'Told', message: 'once' })
    .execute()

  const { answer, data } = await exportOf(client)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'content-disposition': expect.stringMatching(
      new RegExp(`^attachment; filename="muster-${username}-[\\d-]+\\.json"$`),
    ),
    'cache-control': 'no-store',
  })
  expect(data).toMatchObject({
    exportedAt: expect.any(String),
    profile: { id, username, email, bio: 'about me', hasPassword: true, googleId: null },
    preferences: { hourBefore: false, morningDigest: true },
    sessions: [{ ip: '127.0.0.1', revokedAt: null }],
    friends: [{ addresseeId: friend.userId, requesterId: id, acceptedAt: null }],
    blocks: [{ blockedId: blocked.userId }],
    ownedTasks: [{ id: task.id, title: 'My task' }],
    assignedTasks: [],
    attachments: [{ id: fileId, filename: 'a.pdf', url: `http://localhost:3000/api/v1/attachments/${fileId}/content` }],
    reminders: [{ taskId: task.id, status: 'pending' }],
    notifications: [{ title: 'Told' }],
    mails: [
      { template: 'register-code', toAddress: email, status: 'queued' },
      { template: 'welcome', toAddress: email },
    ],
    pendingAuditEvents: [
      { action: 'user.registered', actorId: id },
      { action: 'user.updated', userAgent: 'My Browser', ip: '127.0.0.1', after: { bio: 'about me' } },
      { action: 'user.preferences_changed' },
      { action: 'friend.requested' },
      { action: 'friend.blocked' },
      { action: 'user.exported' },
    ],
  })
})

test('an export holds no secret: no hash, seed, key or sealed value', async () => {
  const { client, id } = await registered(api)
  const created_at = new Date()
  const secret = Buffer.from('never to be seen, this one is!!!')
  await api.db
    .insertInto('totp_secrets')
    .values({ id: newId(), user_id: id, key_id: 'k1', sealed: secret, confirmed_at: created_at, created_at })
    .execute()
  await api.db.insertInto('recovery_codes').values({ user_id: id, code_hash: secret, created_at }).execute()
  await api.db.updateTable('sessions').set({ seed: secret }).where('user_id', '=', id).execute()
  const { password_hash } = await api.db
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const { answer, data } = await exportOf(client)
  expect(data).toMatchObject({
    authenticatorApps: [{ confirmedAt: created_at.toISOString() }],
    recoveryCodes: [{ usedAt: null }],
  })
  for (const hidden of [password, password_hash, 'password_hash', 'passwordHash', 'seed', 'sealed', 'codeHash']) {
    expect(answer.body).not.toContain(hidden as string)
  }
  for (const encoding of ['utf8', 'hex', 'base64'] as const)
    expect(answer.body).not.toContain(secret.toString(encoding))
})

test('an export holds no data of other users', async () => {
  const admin = await api.signUp()
  const colleague = await api.signUp({ role: 'client_user', organizationId: admin.organizationId as string })
  const other = await rowOf(colleague)
  const shared = await insertTask(api.db, other, { assignee_id: admin.userId, title: 'Given to me' })
  const hidden = await insertTask(api.db, other, { title: 'Not mine' })
  await colleague.inject('PATCH', '/api/v1/users/me', { bio: 'of the other' })
  const { answer, data } = await exportOf(admin)
  expect(data.assignedTasks).toMatchObject([{ id: shared.id }])
  expect(data.ownedTasks).toEqual([])
  for (const theirs of [hidden.id, colleague.email, 'of the other']) expect(answer.body).not.toContain(theirs)
})

test('events caused by others are exported without their address and browser', async () => {
  const user = await api.signUp()
  const admin = await api.signUp({ role: 'super_admin' })
  const event = { target_type: 'user', target_id: user.userId, ip: '198.51.100.9', user_agent: 'Theirs' }
  const rows = [
    { id: newId(), action: 'user.role_changed', actor_id: admin.userId, after: '{"role":"client_user"}', ...event },
    { id: newId(), action: 'auth.login_failed', actor_id: null, ...event },
  ]
  await api.db.insertInto('audit_pending').values(rows).execute()
  const chained = [
    { id: newId(), seq: 1, action: 'user.read', actor_id: admin.userId },
    { id: newId(), seq: 2, action: 'task.created', actor_id: user.userId },
  ]
  for (const { id, ...row } of chained) {
    const digests = { personal_digest: Buffer.alloc(32), previous_hash: Buffer.alloc(32), hash: Buffer.alloc(32) }
    const target = { target_type: 'user', target_id: user.userId }
    await api.db
      .insertInto('audit_events')
      .values({ id, ...row, ...target, ...digests, key_id: 'k1', created_at: new Date() })
      .execute()
    await api.db
      .insertInto('audit_personal')
      .values({ event_id: id, salt: Buffer.alloc(16), ip: '198.51.100.9' })
      .execute()
  }
  const { data } = await exportOf(user)
  expect(data.pendingAuditEvents?.slice(0, 2)).toMatchObject([
    { action: 'user.role_changed', ip: null, userAgent: null, after: { role: 'client_user' } },
    { action: 'auth.login_failed', ip: '198.51.100.9', userAgent: 'Theirs' },
  ])
  expect(data.auditEvents).toMatchObject([
    { action: 'user.read', ip: null },
    { action: 'task.created', ip: '198.51.100.9' },
  ])
})

test('an export holds the rows of all pages, each once', async () => {
  const user = await api.signUp()
  const { id, organization_id } = await rowOf(user)
  const due = new Date('2030-01-01T00:00:00.000Z')
  const tasks = Array.from({ length: 1_234 }, (_, index) => ({
    id: newId(),
    owner_id: id,
    organization_id,
    title: `Task ${index}`,
    // Several hundred share a due date, so pages break among equal dates.
    due_date: new Date(due.getTime() + Math.floor(index / 300)),
  }))
  await api.db.insertInto('tasks').values(tasks).execute()
  const told = Array.from({ length: 1_000 }, () => ({
    id: newId(),
    user_id: id,
    type: 'general',
    title: 'a',
    message: 'b',
  }))
  await api.db.insertInto('notifications').values(told).execute()
  const { data } = await exportOf(user)
  const ids = (rows: Record<string, unknown>[] = []) => rows.map((row) => row.id as string).sort()
  expect(ids(data.ownedTasks)).toEqual(ids(tasks))
  expect(ids(data.notifications)).toEqual(ids(told))
})

test('an export of 40 MB is sent with little memory, never held whole', async () => {
  const liveBytes = () => {
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const user = await api.signUp()
  // Notifications, because tasks would fill the search index as well.
  for (let batch = 0; batch < 35; batch++)
    await sql`
      insert into notifications (id, user_id, type, title, message)
      select gen_random_uuid(), ${user.userId}, 'general', 'Long', repeat('x', 1200)
      from generate_series(1, 1000)`.execute(api.db)
  const before = liveBytes()
  const response = await user.fetch(path, { headers: { 'accept-encoding': 'identity' } })
  let [received, measuredAt, highest] = [0, 0, 0]
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    received += chunk.length
    if (received - measuredAt < 2 * 1024 ** 2) continue
    measuredAt = received
    highest = Math.max(highest, liveBytes() - before)
  }
  expect(received).toBeGreaterThan(40 * 1024 ** 2)
  expect(highest).toBeLessThan(12 * 1024 ** 2)
}, 120_000)

test('the sixth export within an hour is RATE_LIMITED, and each export is audited', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  const user = await strict.signUp()
  for (let index = 0; index < 5; index++) expect((await user.inject('GET', path)).statusCode).toBe(200)
  const refused = await user.inject('GET', path)
  expect([refused.statusCode, refused.json().error.code]).toEqual([429, 'RATE_LIMITED'])
  const events = await strict.db.selectFrom('audit_pending').select('action').execute()
  expect(events.filter(({ action }) => action === 'user.exported')).toHaveLength(5)
  await strict.close()
})

test('an export has one’s own messages and files as far as one sees them, and the names of one’s chats', async () => {
  const [ann, bo] = [await api.signUp(), await api.signUp()]
  await makeFriends(api, ann, bo)
  const group = await createGroup(ann, [bo], { name: 'Garden' })
  const direct = await createDirect(bo, ann)
  const { name } = await rowOf(ann)
  await send(ann, group.id, 'of another one')
  const lost = await send(bo, group.id, 'before')
  await send(bo, direct.id, 'kept')
  const deleted = await send(bo, direct.id, 'regretted')
  await bo.inject('DELETE', `${messagesUrl(direct.id)}/${deleted.id}`)
  const [hidden, unsent] = await Promise.all(
    [lost.id, null].map((message_id) =>
      insertChatFile(api.db, group, { id: bo.userId, organization_id: null }, { message_id }),
    ),
  )
  const members = `/api/v1/chats/${group.id}/members`
  await ann.inject('DELETE', `${members}/${bo.userId}`)
  expect((await exportOf(bo)).data.chats).toMatchObject([{ id: direct.id, kind: 'direct', name }])
  await ann.inject('POST', members, { userIds: [bo.userId] })
  await send(bo, group.id, 'after')

  const { data } = await exportOf(bo)
  expect(data.chats?.map((chat) => chat.name).sort()).toEqual(['Garden', name].sort())
  expect(data.messages?.map(({ body }) => body).sort()).toEqual(['after', 'kept'])
  expect(data.attachments?.map(({ id }) => id)).toEqual([unsent?.id])
  expect(hidden?.message_id).toBe(lost.id)
})
