import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { chainEvents, eventsUrl as events } from './testing/audit-fixtures.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

test('platform roles can read the audit log, other roles cannot', async () => {
  for (const role of ['super_admin', 'site_admin', 'operator'] as const) {
    expect((await (await api.signUp({ role })).inject('GET', events)).statusCode).toBe(200)
  }
  for (const role of ['client_admin', 'client_user'] as const) {
    expect((await (await api.signUp({ role })).inject('GET', events)).statusCode).toBe(403)
  }
  expect((await api.connect().inject('GET', events)).statusCode).toBe(401)
})

test('pages by cursor contain each event of the filter once, the newest first', async () => {
  await chainEvents(api, 25, { action: 'paged.event' })
  await chainEvents(api, 3, { action: 'other.event' })
  const admin = await api.signUp({ role: 'super_admin' })
  const seen: number[] = []
  let cursor = ''
  do {
    const page = (
      await admin.inject('GET', `${events}?action=paged.event&limit=10${cursor && `&cursor=${cursor}`}`)
    ).json()
    seen.push(...page.data.events.map(({ seq }: { seq: number }) => seq))
    cursor = page.pagination.nextCursor
  } while (cursor)
  expect(seen).toHaveLength(25)
  expect(seen).toEqual([...seen].sort((a, b) => b - a))
})

test('an unknown or repeated filter is refused by name', async () => {
  const admin = await api.signUp({ role: 'operator' })
  for (const query of ['limit=0', 'limit=101', 'actorId=me', 'colour=red', 'action=a&action=b', 'cursor=nonsense']) {
    const answer = await admin.inject('GET', `${events}?${query}`)
    expect([query, answer.json().error.code]).toEqual([query, 'VALIDATION_FAILED'])
    expect(answer.json().error.details[0].path).toMatch(/^query/)
  }
})

test('the database refuses to change the chain', async () => {
  await chainEvents(api, 1)
  for (const statement of [
    api.db.updateTable('audit_events').set({ action: 'forged' }),
    api.db.deleteFrom('audit_events'),
  ]) {
    await expect(statement.execute()).rejects.toThrow(/append-only/)
  }
})

test('each filter finds its events and no others', async () => {
  const admin = await api.signUp({ role: 'operator' })
  const [early, late] = [new Date('2026-05-01T00:00:00Z'), new Date('2026-06-01T00:00:00Z')]
  const event = { action: 'filtered.event', actorId: admin.userId, targetType: 'thing', targetId: 'the-thing' }
  await chainEvents(api, 1, { ...event, createdAt: early })
  await chainEvents(api, 1, { ...event, createdAt: late })
  const count = async (query: string) => (await admin.inject('GET', `${events}?${query}`)).json().data.events.length
  for (const query of [
    `actorId=${admin.userId}`,
    'action=filtered.event',
    'targetType=thing',
    'targetId=the-thing',
    'from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:01Z',
    `action=filtered.event&actorId=${admin.userId}&targetType=thing&targetId=the-thing`,
  ]) {
    expect([query, await count(query)]).toEqual([query, 2])
  }
  expect(await count('action=filtered.event&to=2026-06-01T00:00:00Z')).toBe(1)
  expect(await count('action=filtered.event&from=2026-06-01T00:00:00Z')).toBe(1)
  expect(await count('action=filtered.event&targetId=another')).toBe(0)
})

test('a time range that ends before it begins is refused', async () => {
  const admin = await api.signUp({ role: 'operator' })
  const answer = await admin.inject('GET', `${events}?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z`)
  expect([answer.statusCode, answer.json().error.details]).toEqual([
    400,
    [{ path: 'query.to', code: 'BEFORE', params: { field: 'from' }, message: 'must not be before from' }],
  ])
})

test('listed events have the present names of actors, users and organizations', async () => {
  const admin = await api.signUp({ role: 'operator' })
  const [ann, bob] = [await api.signUp(), await api.signUp()]
  const rename = (user: { userId: string }, name: string) =>
    api.db.updateTable('users').set({ name }).where('id', '=', user.userId).execute()
  const actionsOn = { action: 'named.event', actorId: ann.userId }
  await chainEvents(api, 1, { ...actionsOn, targetType: 'user', targetId: bob.userId })
  await chainEvents(api, 1, { ...actionsOn, targetType: 'organization', targetId: ann.organizationId ?? '' })
  await chainEvents(api, 1, { ...actionsOn, targetType: 'user', targetId: 'not-an-id' })
  await chainEvents(api, 1, { action: 'named.event', actorId: null, targetType: 'task', targetId: bob.userId })
  await rename(ann, 'Ann Lee')
  await rename(bob, 'Bob Ray')
  const names = async () => {
    const { data } = (await admin.inject('GET', `${events}?action=named.event`)).json()
    return data.events.map(({ actor, target }: { actor: { name: string } | null; target: object }) => [
      actor?.name ?? null,
      target,
    ])
  }
  const organization = await api.db
    .selectFrom('organizations')
    .select('name')
    .where('id', '=', ann.organizationId as string)
    .executeTakeFirstOrThrow()
  expect(await names()).toEqual([
    [null, { type: 'task', id: bob.userId, name: null }],
    ['Ann Lee', { type: 'user', id: 'not-an-id', name: null }],
    ['Ann Lee', { type: 'organization', id: ann.organizationId, name: organization.name }],
    ['Ann Lee', { type: 'user', id: bob.userId, name: 'Bob Ray' }],
  ])
  // The log has no names of its own, so those of a user made anonymous are gone from it too.
  await rename(ann, 'Former member')
  expect((await names())[3]).toEqual(['Former member', { type: 'user', id: bob.userId, name: 'Bob Ray' }])
})
