import { manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import type { PublicUser } from './accounts.schema.ts'

const clock = manualClock(new Date('2026-11-21T09:00:00.000Z'))
let api: TestApp

beforeAll(async () => {
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const search = async (user: TestUser, q: string): Promise<PublicUser[]> => {
  const answer = await user.inject('GET', `/api/v1/users?q=${encodeURIComponent(q)}`)
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json().data.users
}
const find = (user: TestUser, other: TestUser, headers?: Record<string, string>) =>
  user.inject('GET', `/api/v1/users/${other.userId}`, undefined, headers)
const change = (user: TestUser, columns: object) =>
  api.db.updateTable('users').set(columns).where('id', '=', user.userId).execute()
const named = async (name: string, username: string, options: { organizationId?: string } = {}) => {
  const user = await api.signUp(options)
  await change(user, { name, username })
  return user
}
const colleague = (of: TestUser, name: string, username: string) =>
  named(name, username, { organizationId: of.organizationId as string })
const befriend = (one: TestUser, other: TestUser, at: Date | null = clock.now()) =>
  api.db
    .insertInto('friendships')
    .values({
      id: crypto.randomUUID(),
      requester_id: one.userId,
      addressee_id: other.userId,
      accepted_at: at,
      created_at: clock.now(),
    })
    .execute()
const block = (one: TestUser, other: TestUser) =>
  api.db
    .insertInto('blocks')
    .values({ blocker_id: one.userId, blocked_id: other.userId, created_at: clock.now() })
    .execute()
const idsOf = (users: { id?: string; userId?: string }[]) => users.map(({ id, userId }) => id ?? userId)

test('members and friends are found by parts of their names, beginnings first', async () => {
  const me = await named('Me', 'searcher')
  const within = await colleague(me, 'Joanna Quill', 'someone_else')
  const begins = await colleague(me, 'Annabel Reed', 'reed')
  const byUsername = await colleague(me, 'Ünal Öz', 'xannx')
  const friend = await named('Hannah Far', 'far_away')
  await befriend(friend, me)
  await named('Anna Stranger', 'anna_stranger')
  expect(idsOf(await search(me, 'ANN'))).toEqual(idsOf([begins, friend, within, byUsername]))
  expect(idsOf(await search(me, 'öz'))).toEqual(idsOf([byUsername]))
  expect(await search(me, '%')).toEqual([])
  expect(await search(me, '_')).toHaveLength(2)
})

test('other users are found only by their exact username, without presence', async () => {
  const [me, stranger] = [await named('Me', 'looking'), await named('Strange User', 'strange_one')]
  await stranger.inject('GET', '/api/v1/users/me')
  await api.deps.presence.flush()
  expect(await search(me, 'strange')).toEqual([])
  expect(await search(me, 'Strange User')).toEqual([])
  expect(await search(me, 'Strange_One')).toEqual([
    {
      id: stranger.userId,
      username: 'strange_one',
      name: 'Strange User',
      avatarUrl: null,
      bio: null,
      status: 'offline',
      lastSeenAt: null,
    },
  ])
  expect((await find(me, stranger)).statusCode).toBe(404)
})

test('an open friend request makes the profile visible to both sides, without presence', async () => {
  const [one, other] = [await api.signUp(), await api.signUp()]
  await befriend(one, other, null)
  for (const user of [one, other]) await user.inject('GET', '/api/v1/users/me')
  await api.deps.presence.flush()
  for (const [asking, asked] of [
    [one, other],
    [other, one],
  ] as const) {
    expect((await find(asking, asked)).json().data.user).toMatchObject({ id: asked.userId, lastSeenAt: null })
  }
})

test('blocked, blocking, deactivated and leaving users are not found', async () => {
  const me = await named('Me', 'blocker')
  const make = async (username: string) => colleague(me, 'Gone User', username)
  const users = [await make('gone_1'), await make('gone_2'), await make('gone_3'), await make('gone_4')]
  const [blocked, blocking, inactive, leaving] = users as [TestUser, TestUser, TestUser, TestUser]
  expect(await search(me, 'gone user')).toHaveLength(4)
  await block(me, blocked)
  await block(blocking, me)
  await change(inactive, { is_active: false })
  await change(leaving, { deletion_requested_at: clock.now() })
  expect(await search(me, 'gone')).toEqual([])
  for (const [index, user] of users.entries()) {
    expect(await search(me, `gone_${index + 1}`)).toEqual([])
    expect((await find(me, user)).statusCode).toBe(404)
  }
})

test('platform roles find no more users here than others do', async () => {
  const [admin, other, user] = [
    await api.signUp({ role: 'super_admin' }),
    await api.signUp({ role: 'site_admin' }),
    await named('Plain User', 'plain_person'),
  ]
  for (const one of [other, user]) expect((await find(admin, one)).statusCode).toBe(404)
  expect(await search(admin, 'plain')).toEqual([])
  expect(idsOf(await search(admin, 'plain_person'))).toEqual([user.userId])
  expect((await find(admin, admin)).statusCode).toBe(200)
})

test('a search returns at most 20 users', async () => {
  const me = await api.signUp()
  for (let index = 0; index < 25; index++) await colleague(me, `Many ${index}`, `many_${index}`)
  expect(await search(me, 'many')).toHaveLength(20)
})

test('a search without a valid text is refused', async () => {
  const me = await api.signUp()
  for (const query of ['', '?q=', '?q=%20', `?q=${'x'.repeat(101)}`, '?q=a&q=b', '?q=a&role=x']) {
    expect([query, (await me.inject('GET', `/api/v1/users${query}`)).statusCode]).toEqual([query, 400])
  }
  expect((await me.inject('GET', '/api/v1/users/not-an-id')).statusCode).toBe(400)
})

test('a request makes its user online for five minutes', async () => {
  const me = await api.signUp()
  const other = await colleague(me, 'Other User', 'other_person')
  const seen = async () => {
    const { status, lastSeenAt } = (await find(me, other)).json().data.user
    return [status, lastSeenAt]
  }
  expect(await seen()).toEqual(['offline', null])
  const at = clock.now().toISOString()
  await other.inject('GET', '/api/v1/tasks')
  await api.deps.presence.flush()
  expect(await seen()).toEqual(['online', at])
  clock.advance(4 * 60_000)
  expect(await seen()).toEqual(['online', at])
  clock.advance(60_000)
  expect(await seen()).toEqual(['offline', at])
})

test('hidden presence is offline without a time everywhere but for oneself', async () => {
  const me = await api.signUp()
  const other = await colleague(me, 'Hiding User', 'hiding_person')
  await befriend(me, other)
  const seen = async () => {
    await other.inject('GET', '/api/v1/tasks')
    await api.deps.presence.flush()
    const lists = await Promise.all([
      find(me, other).then((answer) => answer.json().data.user),
      search(me, 'hiding').then(([user]) => user),
      me.inject('GET', '/api/v1/friends').then((answer) => answer.json().data.friends[0]),
      me.inject('GET', '/api/v1/organization/members?q=hiding').then((answer) => answer.json().data.members[0]),
    ])
    return lists.map(({ status, lastSeenAt }) => [status, lastSeenAt])
  }
  const at = clock.now().toISOString()
  expect(await seen()).toEqual(Array(4).fill(['online', at]))
  await other.inject('PUT', '/api/v1/users/me/preferences', { presence: false })
  expect(await seen()).toEqual(Array(4).fill(['offline', null]))
  expect((await find(other, other)).json().data.user.status).toBe('online')
  await other.inject('PUT', '/api/v1/users/me/preferences', { presence: true })
  expect(await seen()).toEqual(Array(4).fill(['online', at]))
})

test('presence is written to Postgres once a minute per user, over all instances', async () => {
  const { database, redis } = api.deps.config
  const second = await buildTestApp({ clock, config: { database, redis } })
  const [me, idle] = [await api.signUp(), await api.signUp()]
  const request = async (instance: TestApp) => {
    await instance.connect(me.cookies).inject('GET', '/api/v1/tasks')
    await instance.deps.presence.flush()
  }
  const written = async () => {
    const rows = await api.db.selectFrom('users').select('last_seen_at').where('id', '=', me.userId).execute()
    return rows[0]?.last_seen_at?.toISOString()
  }
  const first = clock.now().toISOString()
  for (const instance of [api, second, api, second]) await request(instance)
  clock.advance(30_000)
  for (const instance of [second, api]) await request(instance)
  expect(await written()).toBe(first)
  clock.advance(30_000)
  const later = clock.now().toISOString()
  for (const instance of [second, api]) await request(instance)
  expect(await written()).toBe(later)
  const never = await api.db.selectFrom('users').select('last_seen_at').where('id', '=', idle.userId).execute()
  expect(never).toEqual([{ last_seen_at: null }])
  await second.close()
})

test('without Redis, presence is read from Postgres', async () => {
  const me = await api.signUp()
  const other = await colleague(me, 'Known User', 'known_person')
  await other.inject('GET', '/api/v1/tasks')
  await api.deps.presence.flush()
  await api.redis.flushdb()
  expect((await find(me, other)).json().data.user).toMatchObject({
    status: 'online',
    lastSeenAt: clock.now().toISOString(),
  })
})

test('presence that Postgres refused is written by the next flush', async () => {
  const me = await api.signUp()
  await sql`create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$`.execute(api.db)
  await sql`create trigger refused before update of last_seen_at on users execute function refuse()`.execute(api.db)
  await me.inject('GET', '/api/v1/tasks')
  await api.deps.presence.flush()
  await sql`drop trigger refused on users`.execute(api.db)
  await api.deps.presence.flush()
  const row = await api.db.selectFrom('users').select('last_seen_at').where('id', '=', me.userId).executeTakeFirst()
  expect(row).toEqual({ last_seen_at: clock.now() })
})

test('a process that closes writes the presence it has noted', async () => {
  const { database, redis } = api.deps.config
  const ending = await buildTestApp({ clock, config: { database, redis } })
  const me = await api.signUp()
  await ending.connect(me.cookies).inject('GET', '/api/v1/tasks')
  await ending.close()
  const row = await api.db.selectFrom('users').select('last_seen_at').where('id', '=', me.userId).executeTakeFirst()
  expect(row?.last_seen_at).toEqual(clock.now())
})

test('a read with the current ETag gets 304; the ETag covers presence', async () => {
  const me = await api.signUp()
  const other = await colleague(me, 'Etag User', 'etag_person')
  const state = async (etag = '') => {
    const answer = await find(me, other, { 'if-none-match': etag })
    return { status: answer.statusCode, etag: answer.headers.etag as string, body: answer.body }
  }
  const first = await state()
  expect(await state(first.etag)).toMatchObject({ status: 304, body: '' })
  await other.inject('PATCH', '/api/v1/users/me', { bio: 'changed' })
  await api.deps.presence.flush()
  const second = await state(first.etag)
  expect(second.status).toBe(200)
  expect((await state(second.etag)).status).toBe(304)
  clock.advance(6 * 60_000)
  expect((await state(second.etag)).status).toBe(200)
})

describe('users by their ids', () => {
  const byIds = async (user: TestUser, ids: string[], more = '') =>
    user.inject('GET', `/api/v1/users?ids=${ids.join(',')}${more}`)

  test('come in the order of the ids, once each, without those whom the profile would hide', async () => {
    const me = await named('Me', 'asker')
    const [one, two, blocked, gone] = [
      await colleague(me, 'One', 'ids_one'),
      await colleague(me, 'Two', 'ids_two'),
      await colleague(me, 'Blocked', 'ids_blocked'),
      await colleague(me, 'Gone', 'ids_gone'),
    ]
    const [friend, asking, stranger] = [await api.signUp(), await api.signUp(), await api.signUp()]
    await befriend(friend, me)
    await befriend(asking, me, null)
    await block(blocked, me)
    await change(gone, { is_active: false })
    const all = [two, stranger, friend, gone, me, blocked, one, asking, two].map(({ userId }) => userId)
    const answer = await byIds(me, [...all, '01890000-0000-7000-8000-000000000000'])
    expect(idsOf(answer.json().data.users)).toEqual(idsOf([two, friend, me, one, asking]))
    for (const user of [two, stranger, friend, gone, blocked, one, asking]) {
      const isListed = idsOf(answer.json().data.users).includes(user.userId)
      expect((await find(me, user)).statusCode).toBe(isListed ? 200 : 404)
    }
    expect(
      await api.db
        .selectFrom('audit_pending')
        .select('id')
        .where('action', '=', 'access.denied')
        .where('actor_id', '=', me.userId)
        .where('target_id', '=', stranger.userId)
        .execute(),
    ).toHaveLength(1)
  })

  test('are at most 100, and no search at the same time', async () => {
    const me = await api.signUp()
    const ids = Array.from({ length: 101 }, () => crypto.randomUUID())
    expect((await byIds(me, ids.slice(1))).json().data.users).toEqual([])
    const details = async (answer: Promise<{ json(): { error: { details: { path: string; code: string }[] } } }>) =>
      (await answer).json().error.details.map(({ path, code }) => [path, code])
    expect(await details(byIds(me, ids))).toEqual([['query.ids', 'TOO_MANY']])
    expect(await details(byIds(me, ['x', me.userId]))).toEqual([['query.ids', 'INVALID_ID']])
    expect(await details(byIds(me, []))).toEqual([['query.ids', 'INVALID_ID']])
    expect(await details(byIds(me, [me.userId], '&q=a'))).toEqual([['query.ids', 'NOT_COMBINABLE']])
    expect(await details(byIds(me, [me.userId], '&limit=1'))).toEqual([['query.limit', 'NOT_COMBINABLE']])
    expect(await details(me.inject('GET', '/api/v1/users'))).toEqual([['query.q', 'REQUIRED']])
  })
})

test('a search finds as many users as its limit allows', async () => {
  const me = await api.signUp()
  for (let index = 0; index < 5; index++) await colleague(me, `Limited ${index}`, `limited_${index}`)
  const count = async (limit: number) =>
    (await me.inject('GET', `/api/v1/users?q=limited&limit=${limit}`)).json().data.users
  expect(await count(3)).toHaveLength(3)
  expect(await count(100)).toHaveLength(5)
})
