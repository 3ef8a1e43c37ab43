import { profileKey } from '@muster/cache'
import type { Role } from '@muster/policy'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { codeOf, login, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import { base, changeUser, endSessions, eventsOf, tally, unknownId, userUrl } from './testing/admin-fixtures.ts'

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
const me = (person: TestUser) => person.inject('GET', '/api/v1/users/me')

describe('deactivating a user', () => {
  test('ends every session on every instance and refuses sign-ins until they are reactivated', async () => {
    const person = await registered(api)
    const { close, ...deps } = createDeps(api.deps.config, api.deps.log, clock)
    const elsewhere = await buildApp(deps)
    await deps.revocations.loaded
    const cookies = Object.fromEntries(person.client.cookies)
    const there = () => elsewhere.inject({ url: '/api/v1/users/me', cookies })
    expect((await there()).statusCode).toBe(200)
    expect((await changeUser(admin, person.id, { isActive: false })).json().data.user).toMatchObject({
      isActive: false,
    })
    expect(codeOf(await person.client.inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED')
    await eventually(async () => expect(codeOf(await there())).toBe('SESSION_REVOKED'))
    expect(codeOf(await login(api.connect(), person.email))).toBe('ACCOUNT_INACTIVE')
    await changeUser(admin, person.id, { isActive: true })
    expect((await login(api.connect(), person.email)).statusCode).toBe(200)
    await elsewhere.close()
    await close()
  })

  test('by twenty requests at once is done and audited once', async () => {
    const { userId } = await api.signUp()
    const answers = await Promise.all(Array.from({ length: 20 }, () => changeUser(admin, userId, { isActive: false })))
    expect(tally(answers)).toEqual({ 200: 20 })
    expect(await eventsOf(api, 'user.deactivated', userId)).toMatchObject([
      { actor_id: admin.userId, before: { isActive: true }, after: { isActive: false, by: 'platform' } },
    ])
  })

  test('changes nothing together with a role that is refused', async () => {
    const { userId } = await api.signUp()
    expect(codeOf(await changeUser(admin, userId, { isActive: false, role: 'super_admin' }))).toBe('ROLE_NOT_ALLOWED')
    expect(await rowOf(userId)).toMatchObject({ is_active: true, role: 'client_admin', version: 1 })
  })
})

describe('changing the role of a user', () => {
  test('applies to open sessions, is audited and shows in the profile', async () => {
    const { userId, ...person } = await api.signUp({ role: 'operator' })
    expect((await person.inject('GET', `${base}/users`)).statusCode).toBe(200)
    await changeUser(admin, userId, { role: 'site_admin' })
    await eventually(async () =>
      expect((await person.inject('DELETE', `${userUrl(unknownId)}/cache`)).statusCode).toBe(404),
    )
    expect((await person.inject('GET', '/api/v1/users/me')).json().data.user.role).toBe('site_admin')
    expect(await eventsOf(api, 'user.role_changed', userId)).toMatchObject([
      { actor_id: admin.userId, before: { role: 'operator' }, after: { role: 'site_admin' } },
    ])
  })

  test('to client_admin creates a personal organization, to a platform role leaves it; tasks follow', async () => {
    const { userId, ...person } = await api.signUp()
    const dueDate = new Date(Date.now() + 86_400_000).toISOString()
    const task = (await person.inject('POST', '/api/v1/tasks', { title: 'Mine', dueDate })).json().data.task
    const organizationOfTask = async () =>
      (await api.db.selectFrom('tasks').select('organization_id').where('id', '=', task.id).executeTakeFirstOrThrow())
        .organization_id
    expect((await changeUser(admin, userId, { role: 'operator' })).json().data.user).toMatchObject({
      role: 'operator',
      organizationId: null,
    })
    expect(await organizationOfTask()).toBeNull()
    const { organizationId } = (await changeUser(admin, userId, { role: 'client_admin' })).json().data.user
    expect(await organizationOfTask()).toBe(organizationId)
    expect(
      await api.db.selectFrom('organizations').selectAll().where('id', '=', organizationId).executeTakeFirst(),
    ).toMatchObject({ is_personal: true })
  })

  test('never takes the last client_admin from an organization with members, even at once', async () => {
    const first = await api.signUp()
    const organizationId = first.organizationId as string
    const second = await api.signUp({ role: 'client_admin', organizationId })
    await api.signUp({ role: 'client_user', organizationId })
    const answers = await Promise.all(
      [first, second].map(({ userId }) => changeUser(admin, userId, { role: 'operator' })),
    )
    expect(tally(answers)).toEqual({ 200: 1, 409: 1 })
    const left = answers.find(({ statusCode }) => statusCode === 409)
    expect(left && codeOf(left)).toBe('LAST_ADMIN')
  })

  test('by twenty requests at once ends with one of the roles and an audit event for each change', async () => {
    const { userId } = await api.signUp({ role: 'operator' })
    const roles = Array.from({ length: 20 }, (_, index) => (index % 2 ? 'operator' : 'site_admin'))
    const answers = await Promise.all(roles.map((role) => changeUser(admin, userId, { role })))
    expect(tally(answers)).toEqual({ 200: 20 })
    const events = await eventsOf(api, 'user.role_changed', userId)
    const chain = events.map(({ before, after }) => [before, after].map((state) => (state as { role: Role }).role))
    // Events of one moment have no order, but their changes add up to the last role.
    const gained = (role: Role) =>
      chain.filter(([, to]) => to === role).length - chain.filter(([from]) => from === role).length
    const { role } = await rowOf(userId)
    expect(gained('site_admin')).toBe(role === 'site_admin' ? 1 : 0)
  })
})

test('revoking sessions ends all sessions of the user, no others, and returns their number', async () => {
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

test('ending one session signs out that device alone, and tells the log whose and why', async () => {
  const person = await registered(api)
  const lost = api.connect()
  await login(lost, person.email)
  const sessions = async () => (await admin.inject('GET', `${userUrl(person.id)}/sessions`)).json().data.sessions
  const [{ id: lostId }] = (await sessions()).open
  const endOne = (userId: string) =>
    admin.inject('DELETE', `${userUrl(userId)}/sessions/${lostId}`, { note: 'The phone was stolen.' })
  expect(codeOf(await endOne((await api.signUp()).userId))).toBe('NOT_FOUND')
  expect((await endOne(person.id)).statusCode).toBe(200)
  expect((await lost.inject('GET', '/api/v1/users/me')).statusCode).toBe(401)
  expect((await person.client.inject('GET', '/api/v1/users/me')).statusCode).toBe(200)
  expect((await sessions()).ended).toMatchObject([{ id: lostId, endReason: 'ended by an administrator' }])
  expect(codeOf(await endOne(person.id))).toBe('NOT_FOUND')
  expect(await eventsOf(api, 'user.sessions_revoked', person.id)).toMatchObject([
    { actor_id: admin.userId, after: { ended: 1, sessionId: lostId, note: 'The phone was stolen.' } },
  ])
})

test('invalidating a cached profile makes the next read come from Postgres', async () => {
  const person = await api.signUp()
  await me(person)
  const key = profileKey(person.userId)
  const cached = JSON.parse((await api.redis.get(key)) as string)
  await api.redis.set(key, JSON.stringify({ ...cached, user: { ...cached.user, name: 'Stale' } }))
  expect((await me(person)).json().data.user.name).toBe('Stale')
  expect((await admin.inject('DELETE', `${userUrl(person.userId)}/cache`)).statusCode).toBe(200)
  expect((await me(person)).json().data.user.name).not.toBe('Stale')
  expect(await eventsOf(api, 'user.cached_profile_dropped', person.userId)).toHaveLength(1)
})
