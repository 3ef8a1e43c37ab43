import { newId } from '@muster/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { friendLimits } from './friends.service.ts'

let api: TestApp
let ann: TestUser
let bob: TestUser

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const requests = '/api/v1/friends/requests'
const ask = (from: TestUser, to: { userId: string }) => from.inject('POST', requests, { userId: to.userId })
const accept = (person: TestUser, id: string) => person.inject('POST', `${requests}/${id}/accept`)
const decline = (person: TestUser, id: string) => person.inject('POST', `${requests}/${id}/decline`)
const remove = (person: TestUser, other: { userId: string }) =>
  person.inject('DELETE', `/api/v1/friends/${other.userId}`)
const block = (person: TestUser, other: { userId: string }) =>
  person.inject('POST', `/api/v1/friends/${other.userId}/block`)
const unblock = (person: TestUser, other: { userId: string }) =>
  person.inject('DELETE', `/api/v1/friends/${other.userId}/block`)
const codeOf = (answer: { json(): { error?: { code: string } } }) => answer.json().error?.code
const requestsOf = async (person: TestUser) => {
  const { incoming, outgoing } = (await person.inject('GET', requests)).json().data
  const ids = (list: { user: { id: string } }[]) => list.map(({ user }) => user.id)
  return { incoming: ids(incoming), outgoing: ids(outgoing) }
}
const friendsOf = async (person: TestUser) =>
  (await person.inject('GET', '/api/v1/friends')).json().data.friends.map(({ id }: { id: string }) => id)
const notificationsOf = (person: TestUser) =>
  api.db
    .selectFrom('notifications')
    .select(['type', 'title'])
    .where('user_id', '=', person.userId)
    .orderBy('id')
    .execute()
const eventsBy = async (person: TestUser) => {
  const rows = await api.db
    .selectFrom('audit_pending')
    .select(['action', 'target_id'])
    .where('actor_id', '=', person.userId)
    .where('action', 'like', 'friend.%')
    .orderBy('id')
    .execute()
  return rows.map(({ action, target_id }) => [action, target_id])
}
const rowsOf = (...people: TestUser[]) => {
  const ids = people.map(({ userId }) => userId)
  return api.db
    .selectFrom('friendships')
    .selectAll()
    .where(({ or, eb }) => or([eb('requester_id', 'in', ids), eb('addressee_id', 'in', ids)]))
    .execute()
}
const two = async () => {
  ann = await api.signUp()
  bob = await api.signUp()
}

test('accepting a request makes both friends, who are notified and visible to each other', async () => {
  await two()
  const asked = await ask(ann, bob)
  expect(asked.statusCode).toBe(201)
  const { id, ...request } = asked.json().data.request
  expect(request).toMatchObject({
    direction: 'outgoing',
    status: 'pending',
    user: { id: bob.userId, status: 'offline' },
  })
  expect(await requestsOf(ann)).toEqual({ incoming: [], outgoing: [bob.userId] })
  expect(await requestsOf(bob)).toEqual({ incoming: [ann.userId], outgoing: [] })
  expect(await friendsOf(ann)).toEqual([])

  const accepted = await accept(bob, id)
  expect([accepted.statusCode, accepted.json().data.friend.id]).toEqual([200, ann.userId])
  for (const person of [ann, bob]) expect(await requestsOf(person)).toEqual({ incoming: [], outgoing: [] })
  expect([await friendsOf(ann), await friendsOf(bob)]).toEqual([[bob.userId], [ann.userId]])
  expect((await ann.inject('GET', `/api/v1/users/${bob.userId}`)).statusCode).toBe(200)
  expect(await notificationsOf(bob)).toEqual([{ type: 'general', title: 'Friend request' }])
  expect(await notificationsOf(ann)).toEqual([{ type: 'general', title: 'Friend request accepted' }])
  expect(await eventsBy(ann)).toEqual([['friend.requested', bob.userId]])
  expect(await eventsBy(bob)).toEqual([['friend.accepted', ann.userId]])
})

test('a request to a user who sent one before accepts theirs', async () => {
  await two()
  await ask(ann, bob)
  const mirrored = await ask(bob, ann)
  expect(mirrored.statusCode).toBe(201)
  expect(mirrored.json().data.request).toMatchObject({
    direction: 'incoming',
    status: 'accepted',
    user: { id: ann.userId },
  })
  expect(await friendsOf(ann)).toEqual([bob.userId])
})

test('two users who send requests to each other at once become friends once', async () => {
  for (let round = 0; round < 10; round++) {
    await two()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? ask(ann, bob) : ask(bob, ann))),
    )
    const statuses = answers.map(({ statusCode }) => statusCode)
    expect(statuses.filter((status) => status === 201)).toHaveLength(2)
    expect(statuses.filter((status) => status === 409)).toHaveLength(18)
    const rows = await rowsOf(ann, bob)
    expect(rows).toHaveLength(1)
    expect(rows[0]?.accepted_at).not.toBeNull()
    expect([...(await notificationsOf(ann)), ...(await notificationsOf(bob))]).toHaveLength(2)
  }
})

test('a repeated request is ALREADY_EXISTS, also after it was accepted', async () => {
  await two()
  const { id } = (await ask(ann, bob)).json().data.request
  const again = await Promise.all(Array.from({ length: 20 }, () => ask(ann, bob)))
  expect(new Set(again.map(codeOf))).toEqual(new Set(['ALREADY_EXISTS']))
  await accept(bob, id)
  for (const [one, other] of [
    [ann, bob],
    [bob, ann],
  ] as const) {
    expect(codeOf(await ask(one, other))).toBe('ALREADY_EXISTS')
  }
})

test('accepting many times at once makes one friendship and one notification', async () => {
  await two()
  const { id } = (await ask(ann, bob)).json().data.request
  const answers = await Promise.all(Array.from({ length: 20 }, () => accept(bob, id)))
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
  expect((await accept(bob, id)).statusCode).toBe(200)
  expect(await notificationsOf(ann)).toHaveLength(1)
  expect(await eventsBy(bob)).toHaveLength(1)
})

test('only the addressee can answer a request', async () => {
  await two()
  const eve = await api.signUp()
  const { id } = (await ask(ann, bob)).json().data.request
  for (const person of [ann, eve]) {
    for (const answer of [await accept(person, id), await decline(person, id)]) expect(codeOf(answer)).toBe('NOT_FOUND')
  }
  expect(codeOf(await accept(bob, newId()))).toBe('NOT_FOUND')
  expect(await requestsOf(bob)).toEqual({ incoming: [ann.userId], outgoing: [] })
})

test('a declined request is deleted without a notification, and can be sent again', async () => {
  await two()
  const { id } = (await ask(ann, bob)).json().data.request
  expect((await decline(bob, id)).statusCode).toBe(200)
  expect(codeOf(await decline(bob, id))).toBe('NOT_FOUND')
  expect(codeOf(await accept(bob, id))).toBe('NOT_FOUND')
  expect(await notificationsOf(ann)).toEqual([])
  expect((await ask(ann, bob)).statusCode).toBe(201)
})

test('accepting, declining and withdrawing at once ends as the responses state', async () => {
  for (let round = 0; round < 10; round++) {
    await two()
    const { id } = (await ask(ann, bob)).json().data.request
    const [accepted, declined, withdrawn] = await Promise.all([accept(bob, id), decline(bob, id), remove(ann, bob)])
    const left = await rowsOf(ann, bob)
    const ended = [declined.statusCode, withdrawn.statusCode].filter((status) => status === 200)
    expect(ended.length).toBeLessThanOrEqual(1)
    expect(left).toHaveLength(ended.length === 1 ? 0 : 1)
    if (left.length === 1) expect(accepted.statusCode).toBe(200)
  }
})

test('either friend can end a friendship; only the sender can withdraw a request', async () => {
  await two()
  await ask(ann, bob)
  expect(codeOf(await remove(bob, ann))).toBe('NOT_FOUND')
  expect((await remove(ann, bob)).statusCode).toBe(200)
  expect(codeOf(await remove(ann, bob))).toBe('NOT_FOUND')
  await ask(ann, bob)
  await ask(bob, ann)
  expect((await remove(bob, ann)).statusCode).toBe(200)
  expect([await friendsOf(ann), await rowsOf(ann, bob)]).toEqual([[], []])
  expect((await ann.inject('GET', `/api/v1/users/${bob.userId}`)).statusCode).toBe(404)
  expect((await eventsBy(ann)).map(([action]) => action)).toEqual([
    'friend.requested',
    'friend.request_withdrawn',
    'friend.requested',
  ])
  expect((await eventsBy(bob)).map(([action]) => action)).toEqual(['friend.accepted', 'friend.removed'])
})

test('a block ends the friendship, hides each user from the other and is listed only for the blocker', async () => {
  await two()
  await ask(ann, bob)
  await ask(bob, ann)
  expect((await block(ann, bob)).statusCode).toBe(200)
  expect((await block(ann, bob)).statusCode).toBe(200)
  expect(await rowsOf(ann, bob)).toEqual([])
  for (const [one, other] of [
    [ann, bob],
    [bob, ann],
  ] as const) {
    expect((await one.inject('GET', `/api/v1/users/${other.userId}`)).statusCode).toBe(404)
    expect(codeOf(await ask(one, other))).toBe('NOT_FOUND')
  }
  const blockedBy = async (person: TestUser) => (await person.inject('GET', '/api/v1/friends/blocked')).json()
  expect(await blockedBy(ann)).toMatchObject({
    data: { users: [{ id: bob.userId, lastSeenAt: null }] },
    pagination: { total: 1, totalPages: 1 },
  })
  expect((await blockedBy(bob)).data.users).toEqual([])

  expect(codeOf(await unblock(bob, ann))).toBe('NOT_FOUND')
  expect((await unblock(ann, bob)).statusCode).toBe(200)
  expect(codeOf(await unblock(ann, bob))).toBe('NOT_FOUND')
  expect((await ask(bob, ann)).statusCode).toBe(201)
  expect((await eventsBy(ann)).map(([action]) => action).slice(1)).toEqual(['friend.blocked', 'friend.unblocked'])
})

test('a block and requests at once leave no request', async () => {
  for (let round = 0; round < 10; round++) {
    await two()
    await Promise.all([ask(bob, ann), block(ann, bob), ask(ann, bob), ask(bob, ann)])
    expect(await rowsOf(ann, bob)).toEqual([])
  }
})

test('requests to oneself, unknown and inactive users are refused', async () => {
  await two()
  for (const answer of [await ask(ann, ann), await block(ann, ann)]) expect(codeOf(answer)).toBe('VALIDATION_FAILED')
  expect(codeOf(await ask(ann, { userId: newId() }))).toBe('NOT_FOUND')
  expect(codeOf(await block(ann, { userId: newId() }))).toBe('NOT_FOUND')
  const { id } = (await ask(bob, ann)).json().data.request
  await api.db.updateTable('users').set({ is_active: false }).where('id', '=', bob.userId).execute()
  expect(codeOf(await ask(ann, bob))).toBe('NOT_FOUND')
  expect(codeOf(await accept(ann, id))).toBe('NOT_FOUND')
  expect(await requestsOf(ann)).toEqual({ incoming: [], outgoing: [] })
})

test('friends are listed by name, in pages', async () => {
  await two()
  const names = ['Dora', 'anton', 'Carl', 'berta', 'Emil']
  for (const name of names) {
    const friend = await api.signUp()
    await api.db.updateTable('users').set({ name }).where('id', '=', friend.userId).execute()
    await ask(friend, ann)
    await ask(ann, friend)
  }
  const page = async (number: number) => {
    const { data, pagination } = (await ann.inject('GET', `/api/v1/friends?limit=2&page=${number}`)).json()
    return { names: data.friends.map(({ name }: { name: string }) => name), pagination }
  }
  expect(await page(1)).toEqual({
    names: ['anton', 'berta'],
    pagination: { page: 1, limit: 2, total: 5, totalPages: 3, nextCursor: null },
  })
  expect([(await page(2)).names, (await page(3)).names, (await page(4)).names]).toEqual([
    ['Carl', 'Dora'],
    ['Emil'],
    [],
  ])
})

test('the limits of open requests and friends hold for requests at once', async () => {
  await two()
  const others = await insertUsers(friendLimits.outgoingRequests + 20)
  const bond = (other: string, accepted_at: Date | null) => ({
    id: newId(),
    requester_id: ann.userId,
    addressee_id: other,
    accepted_at,
    created_at: new Date(),
  })
  const open = others.slice(0, friendLimits.outgoingRequests - 5).map((other) => bond(other, null))
  await api.db.insertInto('friendships').values(open).execute()
  const asked = await Promise.all(others.slice(-20).map((userId) => ask(ann, { userId })))
  expect(asked.filter(({ statusCode }) => statusCode === 201)).toHaveLength(5)
  expect(new Set(asked.map(codeOf))).toEqual(new Set([undefined, 'CONFLICT']))

  await api.db.deleteFrom('friendships').where('requester_id', '=', ann.userId).execute()
  const friends = (await insertUsers(friendLimits.friends - 3)).map((other) => bond(other, new Date()))
  await api.db.insertInto('friendships').values(friends).execute()
  const wanting = await Promise.all(Array.from({ length: 8 }, () => api.signUp()))
  const ids = await Promise.all(
    wanting.map(async (person) => (await ask(person, ann)).json().data.request.id as string),
  )
  const accepted = await Promise.all(ids.map((id) => accept(ann, id)))
  expect(accepted.filter(({ statusCode }) => statusCode === 200)).toHaveLength(3)
  expect(accepted.filter((answer) => codeOf(answer) === 'CONFLICT')).toHaveLength(5)
})

async function insertUsers(count: number): Promise<string[]> {
  const people = Array.from({ length: count }, () => {
    const id = newId()
    const username = `p${id.replaceAll('-', '').slice(-20)}`
    return { id, username, name: 'Some User', email: `${username}@example.test`, role: 'operator' }
  })
  await api.db.insertInto('users').values(people).execute()
  return people.map(({ id }) => id)
}

test.each([
  ['POST', requests, {}],
  ['POST', requests, { userId: 'me' }],
  ['POST', requests, { userId: newId(), note: 'hi' }],
  ['POST', `${requests}/x/accept`, undefined],
  ['POST', `${requests}/${newId()}/accept`, { yes: true }],
  ['GET', '/api/v1/friends?page=0', undefined],
  ['GET', '/api/v1/friends?limit=101', undefined],
  ['DELETE', '/api/v1/friends/x', undefined],
] as const)('%s %s %j is refused', async (method, url, body) => {
  const person = await api.signUp()
  expect(codeOf(await person.inject(method, url, body))).toBe('VALIDATION_FAILED')
})
