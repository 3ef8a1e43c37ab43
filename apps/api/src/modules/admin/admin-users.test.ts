import type { Role } from '@muster/policy'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { codeOf } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  base,
  changeUser,
  clientRoles,
  endSessions,
  eventsOf,
  oneOfEach,
  platformRoles,
  unknownId,
  userUrl,
} from './testing/admin-fixtures.ts'

let clock: ManualClock
let api: TestApp
let admin: TestUser

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  admin = await api.signUp({ role: 'super_admin' })
})
afterAll(() => api.close())
beforeEach(() => untilRevocationsAreFresh(api))

const rowOf = (id: string) => api.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const me = (user: TestUser) => user.inject('GET', '/api/v1/users/me')

describe('user administration', () => {
  test('allows platform roles to read, only administrators to change, client roles nothing', async () => {
    const people = await oneOfEach(api)
    const { userId } = await api.signUp()
    const ask = async (by: TestUser) => {
      const answers = [
        await by.inject('GET', `${base}/users`),
        await by.inject('GET', userUrl(userId)),
        await changeUser(by, userId, { isActive: true }),
        await endSessions(by, userId),
        await by.inject('DELETE', `${userUrl(userId)}/cache`),
      ]
      return answers.map(({ statusCode }) => statusCode)
    }
    expect(await ask(people.super_admin)).toEqual([200, 200, 200, 200, 200])
    expect(await ask(people.site_admin)).toEqual([200, 200, 200, 200, 200])
    expect(await ask(people.operator)).toEqual([200, 200, 403, 403, 403])
    for (const role of clientRoles) expect(await ask(people[role])).toEqual([403, 403, 403, 403, 403])
    expect((await api.connect().inject('GET', `${base}/users`)).statusCode).toBe(401)
  })

  // Written out instead of read from the policy, so that a mistake there fails here.
  const changeable: Record<'super_admin' | 'site_admin', readonly Role[]> = {
    super_admin: ['site_admin', 'operator', 'client_admin'],
    site_admin: ['operator', 'client_admin'],
  }
  for (const by of ['super_admin', 'site_admin'] as const) {
    test(`allows a ${by} to change roles only from and to those into which it may invite`, async () => {
      const actor = await api.signUp({ role: by })
      for (const from of [...platformRoles, ...clientRoles]) {
        for (const to of [...platformRoles, ...clientRoles].filter((role) => role !== from)) {
          const { userId } = await api.signUp({ role: from })
          const answer = await changeUser(actor, userId, { role: to })
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

  test('refuses changes of the own account and of users with the same or a higher role', async () => {
    const { super_admin: root, site_admin: site, operator } = await oneOfEach(api)
    const pairs: [TestUser, TestUser][] = [
      [root, root],
      [site, site],
      [root, await api.signUp({ role: 'super_admin' })],
      [site, root],
      [site, await api.signUp({ role: 'site_admin' })],
    ]
    for (const [by, whom] of pairs) {
      const answers = [
        await changeUser(by, whom.userId, { isActive: false }),
        await changeUser(by, whom.userId, { role: 'operator' }),
        await endSessions(by, whom.userId),
        await by.inject('DELETE', `${userUrl(whom.userId)}/sessions/${whom.sessionId}`),
        await by.inject('POST', `${userUrl(whom.userId)}/password-link`),
      ]
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403, 403, 403])
      if (by === whom) for (const answer of answers) expect(answer.json().message).toContain('own account')
      expect((await me(whom)).statusCode).toBe(200)
    }
    expect((await changeUser(site, operator.userId, { isActive: false })).statusCode).toBe(200)
  })

  test('refuses an administrator who lost their role, even with an older token', async () => {
    const { site_admin: site, operator } = await oneOfEach(api)
    for (const row of [{ role: 'operator' }, { role: 'site_admin', is_active: false }]) {
      await api.db.updateTable('users').set(row).where('id', '=', site.userId).execute()
      const answers = [
        await changeUser(site, operator.userId, { isActive: false }),
        await endSessions(site, operator.userId),
      ]
      for (const { statusCode } of answers) expect([401, 403]).toContain(statusCode)
    }
    expect((await rowOf(operator.userId)).is_active).toBe(true)
  })
})

describe('reading users', () => {
  test('finds by a part of name, username or e-mail in any case, exact matches first, without wildcards', async () => {
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
    expect(await found('angstrom 100')).toEqual([one.userId])
    expect(await found('ANGS')).toEqual([one.userId, other.userId])
    expect(await found(one.email.toUpperCase())).toEqual([one.userId])
    for (const q of ['%', 'a%m']) expect(await found(q)).toEqual([])
  })

  test('filters by role and state, and shows each user on one page', async () => {
    const organization = await api.signUp()
    const organizationId = organization.organizationId as string
    const members = await Promise.all(
      Array.from({ length: 5 }, () => api.signUp({ role: 'client_user', organizationId })),
    )
    const off = members[0] as TestUser
    await changeUser(admin, off.userId, { isActive: false })
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

  test('is audited with the users that were shown and the origin, without the search text', async () => {
    const reader = await api.signUp({ role: 'operator' })
    const { userId, email } = await api.signUp()
    const answer = await reader.inject('GET', userUrl(userId), undefined, { 'user-agent': 'Reader/1' })
    expect(answer.json().data.user).toMatchObject({ id: userId, email, isActive: true, deletionRequestedAt: null })
    expect(await eventsOf(api, 'admin.user_read', userId)).toMatchObject([
      { actor_id: reader.userId, target_type: 'user', ip: '127.0.0.1', user_agent: 'Reader/1' },
    ])
    await reader.inject('GET', `${base}/users?q=${email}&limit=5`)
    const listed = (await eventsOf(api, 'admin.users_listed')).filter(({ actor_id: by }) => by === reader.userId)
    expect(listed).toMatchObject([{ after: { filters: { isSearch: true }, userIds: [userId] } }])
    expect(JSON.stringify(listed)).not.toContain(email)
  })

  test('does not find unknown users and users made anonymous', async () => {
    const { userId } = await api.signUp()
    await api.db.updateTable('users').set({ anonymised_at: new Date() }).where('id', '=', userId).execute()
    for (const id of [unknownId, userId]) {
      const answers = await Promise.all([
        admin.inject('GET', userUrl(id)),
        changeUser(admin, id, { isActive: false }),
        endSessions(admin, id),
        admin.inject('DELETE', `${userUrl(id)}/cache`),
      ])
      expect(answers.map(codeOf)).toEqual(Array(4).fill('NOT_FOUND'))
    }
    const { data } = (await admin.inject('GET', `${base}/users?limit=100`)).json()
    expect(data.users.map(({ id }: { id: string }) => id)).not.toContain(userId)
    expect(await eventsOf(api, 'admin.user_read', userId)).toEqual([])
  })

  test('refuses unknown and invalid filters and changes', async () => {
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
      expect(codeOf(await changeUser(admin, userId, patch))).toBe('VALIDATION_FAILED')
    expect(codeOf(await admin.inject('GET', userUrl('me')))).toBe('VALIDATION_FAILED')
  })
})
