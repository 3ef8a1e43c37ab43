import { profileKey } from '@muster/cache'
import type { Role } from '@muster/policy'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestPerson } from '../../testing/api.ts'
import { codeOf, login, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import { base, clientRoles, eventsOf, nobodyId, oneOfEach, platformRoles, tally } from './testing/admin-fixtures.ts'

let clock: ManualClock
let api: TestApp
let admin: TestPerson

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  admin = await api.signUp({ role: 'super_admin' })
})
afterAll(() => api.close())
// On a busy machine nobody is let in for a moment.
beforeEach(() => eventually(() => expect(api.deps.revocations.isFresh()).toBe(true)))

const url = (id: string) => `${base}/users/${id}`
const change = (by: TestPerson, id: string, patch: object) => by.inject('PATCH', url(id), patch)
const endSessions = (by: TestPerson, id: string) => by.inject('POST', `${url(id)}/revoke-sessions`)
const rowOf = (id: string) => api.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const me = (person: TestPerson) => person.inject('GET', '/api/v1/users/me')

describe('who may', () => {
  test('read: platform roles; change: administrators; nobody else anything', async () => {
    const people = await oneOfEach(api)
    const { userId } = await api.signUp()
    const ask = async (by: TestPerson) => {
      const answers = [
        await by.inject('GET', `${base}/users`),
        await by.inject('GET', url(userId)),
        await change(by, userId, { isActive: true }),
        await endSessions(by, userId),
        await by.inject('DELETE', `${url(userId)}/cache`),
      ]
      return answers.map(({ statusCode }) => statusCode)
    }
    expect(await ask(people.super_admin)).toEqual([200, 200, 200, 200, 200])
    expect(await ask(people.site_admin)).toEqual([200, 200, 200, 200, 200])
    expect(await ask(people.operator)).toEqual([200, 200, 403, 403, 403])
    for (const role of clientRoles) expect(await ask(people[role])).toEqual([403, 403, 403, 403, 403])
    expect((await api.connect().inject('GET', `${base}/users`)).statusCode).toBe(401)
  })

  // Written out, so that it does not follow a mistake in the table that the code asks.
  const changeable: Record<'super_admin' | 'site_admin', readonly Role[]> = {
    super_admin: ['site_admin', 'operator', 'client_admin'],
    site_admin: ['operator', 'client_admin'],
  }
  for (const by of ['super_admin', 'site_admin'] as const) {
    test(`a ${by} changes roles only from and to those that it may invite`, async () => {
      const actor = await api.signUp({ role: by })
      for (const from of [...platformRoles, ...clientRoles]) {
        for (const to of [...platformRoles, ...clientRoles].filter((role) => role !== from)) {
          const { userId } = await api.signUp({ role: from })
          const answer = await change(actor, userId, { role: to })
          const isAllowed = changeable[by].includes(from) && changeable[by].includes(to)
          const told = answer.statusCode === 200 ? answer.json().data.user.role : answer.statusCode
          expect({ from, to, told, is: (await rowOf(userId)).role }).toEqual({
            from,
            to,
            told: isAllowed ? to : 403,
            is: isAllowed ? to : from,
          })
        }
      }
    })
  }

  test('nobody does anything to their own account, nor to whom they are not above', async () => {
    const { super_admin: root, site_admin: site, operator } = await oneOfEach(api)
    const pairs: [TestPerson, TestPerson][] = [
      [root, root],
      [site, site],
      [root, await api.signUp({ role: 'super_admin' })],
      [site, root],
      [site, await api.signUp({ role: 'site_admin' })],
    ]
    for (const [by, whom] of pairs) {
      const answers = [
        await change(by, whom.userId, { isActive: false }),
        await change(by, whom.userId, { role: 'operator' }),
        await endSessions(by, whom.userId),
      ]
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403])
      if (by === whom) for (const answer of answers) expect(answer.json().message).toContain('own account')
      expect((await me(whom)).statusCode).toBe(200)
    }
    expect((await change(site, operator.userId, { isActive: false })).statusCode).toBe(200)
  })

  test('who is an administrator no more changes nothing, whatever their token still says', async () => {
    const { site_admin: site, operator } = await oneOfEach(api)
    for (const row of [{ role: 'operator' }, { role: 'site_admin', is_active: false }]) {
      await api.db.updateTable('users').set(row).where('id', '=', site.userId).execute()
      const answers = [
        await change(site, operator.userId, { isActive: false }),
        await endSessions(site, operator.userId),
      ]
      for (const { statusCode } of answers) expect([401, 403]).toContain(statusCode)
    }
    expect((await rowOf(operator.userId)).is_active).toBe(true)
  })
})

describe('reading', () => {
  test('finds by a part of name, username or e-mail in any case, whoever has exactly that first, and takes signs as they are', async () => {
    const [one, other] = [await api.signUp(), await api.signUp()]
    await api.db
      .updateTable('users')
      .set({ name: 'Ängström 100%', username: 'angs' })
      .where('id', '=', one.userId)
      .execute()
    await api.db.updateTable('users').set({ username: 'angs_two' }).where('id', '=', other.userId).execute()
    const found = async (q: string) =>
      (await admin.inject('GET', `${base}/users?q=${encodeURIComponent(q)}`))
        .json()
        .data.users.map(({ id }: { id: string }) => id)
    expect(await found('ängSTRÖM')).toEqual([one.userId])
    expect(await found('100%')).toEqual([one.userId])
    expect(await found('ANGS')).toEqual([one.userId, other.userId])
    expect(await found(one.email.toUpperCase())).toEqual([one.userId])
    expect(await found('%')).toEqual([one.userId])
  })

  test('filters by role and state, and pages show everybody once', async () => {
    const organization = await api.signUp()
    const organizationId = organization.organizationId as string
    const members = await Promise.all(
      Array.from({ length: 5 }, () => api.signUp({ role: 'client_user', organizationId })),
    )
    const off = members[0] as TestPerson
    await change(admin, off.userId, { isActive: false })
    const seen: string[] = []
    for (let page = 1, pages = 1; page <= pages; page++) {
      const { data, pagination } = (
        await admin.inject('GET', `${base}/users?role=client_user&isActive=true&limit=2&page=${page}`)
      ).json()
      if (page > 1) expect(pagination.totalPages).toBe(pages)
      pages = pagination.totalPages
      seen.push(...data.users.map(({ id }: { id: string }) => id))
    }
    expect(new Set(seen).size).toBe(seen.length)
    const behind = await admin.inject('GET', `${base}/users?role=client_user&isActive=true&limit=2&page=90`)
    expect(behind.json()).toMatchObject({ data: { users: [] }, pagination: { total: seen.length } })
    const others = members.slice(1).map(({ userId }) => userId)
    expect(seen).toEqual(expect.arrayContaining(others))
    expect(seen).not.toContain(off.userId)
    const { data } = (await admin.inject('GET', `${base}/users?isActive=false`)).json()
    expect(data.users).toContainEqual(
      expect.objectContaining({ id: off.userId, isActive: false, deactivatedBy: 'platform', email: off.email }),
    )
  })

  test('of one person is recorded once and with its origin; of many with whom it showed and not with what was looked for', async () => {
    const reader = await api.signUp({ role: 'operator' })
    const { userId, email } = await api.signUp()
    const answer = await reader.inject('GET', url(userId), undefined, { 'user-agent': 'Reader/1' })
    expect(answer.json().data.user).toMatchObject({ id: userId, email, isActive: true, deletionRequestedAt: null })
    expect(await eventsOf(api, 'admin.user_read', userId)).toMatchObject([
      { actor_id: reader.userId, target_type: 'user', ip: '127.0.0.1', user_agent: 'Reader/1' },
    ])
    await reader.inject('GET', `${base}/users?q=${email}&limit=5`)
    const listed = (await eventsOf(api, 'admin.users_listed')).filter(({ actor_id: by }) => by === reader.userId)
    expect(listed).toMatchObject([{ after: { filters: { isSearch: true }, userIds: [userId] } }])
    expect(JSON.stringify(listed)).not.toContain(email)
  })

  test('somebody who is not there, or was made anonymous, is nowhere', async () => {
    const { userId } = await api.signUp()
    await api.db.updateTable('users').set({ anonymised_at: new Date() }).where('id', '=', userId).execute()
    for (const id of [nobodyId, userId]) {
      const answers = await Promise.all([
        admin.inject('GET', url(id)),
        change(admin, id, { isActive: false }),
        endSessions(admin, id),
        admin.inject('DELETE', `${url(id)}/cache`),
      ])
      expect(answers.map(codeOf)).toEqual(Array(4).fill('NOT_FOUND'))
    }
    const { data } = (await admin.inject('GET', `${base}/users?limit=100`)).json()
    expect(data.users.map(({ id }: { id: string }) => id)).not.toContain(userId)
    expect(await eventsOf(api, 'admin.user_read', userId)).toEqual([])
  })

  test('what is no filter and no change is refused by name', async () => {
    for (const query of [
      'role=king',
      'isActive=1',
      'page=0',
      'limit=101',
      'page=102&limit=100',
      'q=',
      'name=x',
      'q=a&q=b',
    ])
      expect([query, codeOf(await admin.inject('GET', `${base}/users?${query}`))]).toEqual([query, 'VALIDATION_FAILED'])
    const { userId } = await api.signUp()
    for (const patch of [{}, { role: 'king' }, { isActive: 'no' }, { email: 'a@b.example' }])
      expect(codeOf(await change(admin, userId, patch))).toBe('VALIDATION_FAILED')
    expect(codeOf(await admin.inject('GET', url('me')))).toBe('VALIDATION_FAILED')
  })
})

describe('deactivating', () => {
  test('ends every session on every instance within a second and keeps the person out until they are reactivated', async () => {
    const person = await registered(api)
    const { close, ...deps } = createDeps(api.deps.config, api.deps.log, clock)
    const elsewhere = await buildApp(deps)
    await deps.revocations.loaded
    const cookies = Object.fromEntries(person.client.cookies)
    const there = () => elsewhere.inject({ url: '/api/v1/users/me', cookies })
    expect((await there()).statusCode).toBe(200)
    expect((await change(admin, person.id, { isActive: false })).json().data.user).toMatchObject({ isActive: false })
    expect(codeOf(await person.client.inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED')
    await eventually(async () => expect(codeOf(await there())).toBe('SESSION_REVOKED'), { timeoutMs: 1_000 })
    expect(codeOf(await login(api.connect(), person.email))).toBe('ACCOUNT_INACTIVE')
    await change(admin, person.id, { isActive: true })
    expect((await login(api.connect(), person.email)).statusCode).toBe(200)
    await elsewhere.close()
    await close()
  })

  test('by twenty at once happens once', async () => {
    const { userId } = await api.signUp()
    const answers = await Promise.all(Array.from({ length: 20 }, () => change(admin, userId, { isActive: false })))
    expect(tally(answers)).toEqual({ 200: 20 })
    expect(await eventsOf(api, 'user.deactivated', userId)).toMatchObject([
      { actor_id: admin.userId, before: { isActive: true }, after: { isActive: false, by: 'platform' } },
    ])
  })

  test('together with a role that is refused changes nothing', async () => {
    const { userId } = await api.signUp()
    expect(codeOf(await change(admin, userId, { isActive: false, role: 'super_admin' }))).toBe('ROLE_NOT_ALLOWED')
    expect(await rowOf(userId)).toMatchObject({ is_active: true, role: 'client_admin', version: 1 })
  })
})

describe('a changed role', () => {
  test('holds for open sessions within a second, is recorded and shown in the profile', async () => {
    const { userId, ...person } = await api.signUp({ role: 'operator' })
    expect((await person.inject('GET', `${base}/users`)).statusCode).toBe(200)
    await change(admin, userId, { role: 'site_admin' })
    await eventually(
      async () => expect((await person.inject('DELETE', `${url(nobodyId)}/cache`)).statusCode).toBe(404),
      { timeoutMs: 1_000 },
    )
    expect((await person.inject('GET', '/api/v1/users/me')).json().data.user.role).toBe('site_admin')
    expect(await eventsOf(api, 'user.role_changed', userId)).toMatchObject([
      { actor_id: admin.userId, before: { role: 'operator' }, after: { role: 'site_admin' } },
    ])
  })

  test('to client_admin comes with an organization of their own, to a platform role without any; tasks go along', async () => {
    const { userId, ...person } = await api.signUp()
    const dueDate = new Date(Date.now() + 86_400_000).toISOString()
    const task = (await person.inject('POST', '/api/v1/tasks', { title: 'Mine', dueDate })).json().data.task
    const organizationOfTask = async () =>
      (await api.db.selectFrom('tasks').select('organization_id').where('id', '=', task.id).executeTakeFirstOrThrow())
        .organization_id
    expect((await change(admin, userId, { role: 'operator' })).json().data.user).toMatchObject({
      role: 'operator',
      organizationId: null,
    })
    expect(await organizationOfTask()).toBeNull()
    const { organizationId } = (await change(admin, userId, { role: 'client_admin' })).json().data.user
    expect(await organizationOfTask()).toBe(organizationId)
    expect(
      await api.db.selectFrom('organizations').selectAll().where('id', '=', organizationId).executeTakeFirst(),
    ).toMatchObject({ is_personal: true })
  })

  test('never takes the last client_admin from an organization with members, not even both of two at once', async () => {
    const first = await api.signUp()
    const organizationId = first.organizationId as string
    const second = await api.signUp({ role: 'client_admin', organizationId })
    await api.signUp({ role: 'client_user', organizationId })
    const answers = await Promise.all([first, second].map(({ userId }) => change(admin, userId, { role: 'operator' })))
    expect(tally(answers)).toEqual({ 200: 1, 409: 1 })
    const left = answers.find(({ statusCode }) => statusCode === 409)
    expect(left && codeOf(left)).toBe('LAST_ADMIN')
  })

  test('by many at once ends as one of them said, with an event for each change', async () => {
    const { userId } = await api.signUp({ role: 'operator' })
    const roles = Array.from({ length: 20 }, (_, index) => (index % 2 ? 'operator' : 'site_admin'))
    const answers = await Promise.all(roles.map((role) => change(admin, userId, { role })))
    expect(tally(answers)).toEqual({ 200: 20 })
    const events = await eventsOf(api, 'user.role_changed', userId)
    const chain = events.map(({ before, after }) => [before, after].map((state) => (state as { role: Role }).role))
    // Written in no order that could be asked for; together they lead from the first role to the last.
    const gained = (role: Role) =>
      chain.filter(([, to]) => to === role).length - chain.filter(([from]) => from === role).length
    const { role } = await rowOf(userId)
    expect(gained('site_admin')).toBe(role === 'site_admin' ? 1 : 0)
  })
})

test('ending all sessions of somebody ends all of them and nobody else’s, and tells how many', async () => {
  const person = await registered(api)
  const second = api.connect()
  await login(second, person.email)
  const bystander = await api.signUp()
  expect((await endSessions(admin, person.id)).json().data).toEqual({ ended: 2 })
  for (const client of [person.client, second])
    expect((await client.inject('GET', '/api/v1/users/me')).statusCode).toBe(401)
  expect((await me(bystander)).statusCode).toBe(200)
  expect((await endSessions(admin, person.id)).json().data).toEqual({ ended: 0 })
  expect(await eventsOf(api, 'user.sessions_revoked', person.id)).toMatchObject([
    { actor_id: admin.userId, after: { ended: 2 } },
    { after: { ended: 0 } },
  ])
})

test('a cached profile that is dropped by hand is read anew', async () => {
  const person = await api.signUp()
  await me(person)
  const key = profileKey(person.userId)
  const cached = JSON.parse((await api.redis.get(key)) as string)
  await api.redis.set(key, JSON.stringify({ ...cached, user: { ...cached.user, name: 'Of yesterday' } }))
  expect((await me(person)).json().data.user.name).toBe('Of yesterday')
  expect((await admin.inject('DELETE', `${url(person.userId)}/cache`)).statusCode).toBe(200)
  expect((await me(person)).json().data.user.name).not.toBe('Of yesterday')
  expect(await eventsOf(api, 'user.cached_profile_dropped', person.userId)).toHaveLength(1)
})
