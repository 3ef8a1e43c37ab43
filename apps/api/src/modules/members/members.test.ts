import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import {
  changeMember,
  createReminder,
  createTask,
  eventsOn,
  joining,
  joiningWithPassword,
  listMembers,
  membersUrl,
  organizationUrl,
  rowOf,
} from '../organizations/testing/organization-fixtures.ts'
import { codeOf, login } from '../sign-in/testing/sign-in-fixtures.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const statusOf = async (person: TestClient, url = '/api/v1/users/me') => (await person.inject('GET', url)).statusCode

describe('the list of members', () => {
  test('holds the members of the organization by name, deactivated ones too', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const left = await joining(api, admin)
    await api.signUp()
    expect((await changeMember(admin, left.userId, { isActive: false })).statusCode).toBe(200)
    for (const [userId, name] of [
      [admin.userId, 'Cy'],
      [user.userId, 'Ada'],
      [left.userId, 'Bo'],
    ] as const)
      await api.db.updateTable('users').set({ name }).where('id', '=', userId).execute()

    for (const person of [admin, user]) {
      expect(await listMembers(person)).toMatchObject([
        { id: user.userId, name: 'Ada', role: 'client_user', email: user.email, isActive: true },
        { id: left.userId, name: 'Bo', role: 'client_user', email: left.email, isActive: false },
        { id: admin.userId, name: 'Cy', role: 'client_admin', email: admin.email, isActive: true },
      ])
    }
    const second = await admin.inject('GET', `${membersUrl}?limit=2&page=2`)
    expect(second.json().data.members.map(({ id }: { id: string }) => id)).toEqual([admin.userId])
    expect(second.json().pagination).toEqual({ page: 2, limit: 2, total: 3, totalPages: 2, nextCursor: null })
  })

  test('is searched by a part of the name, username or e-mail, within the organization alone', async () => {
    const admin = await api.signUp()
    const [ada, bo, elsewhere] = [await joining(api, admin), await joining(api, admin), await api.signUp()]
    for (const [{ userId }, name, username] of [
      [admin, 'Cy Young', `cy_${admin.userId.slice(-8)}`],
      [ada, 'Ada Lövelace', `ada_${ada.userId.slice(-8)}`],
      [bo, 'Bo', `lovely_${bo.userId.slice(-8)}`],
      [elsewhere, 'Ada Elsewhere', `ada_${elsewhere.userId.slice(-8)}`],
    ] as const)
      await api.db.updateTable('users').set({ name, username }).where('id', '=', userId).execute()
    const found = async (query: string) => {
      const answer = await bo.inject('GET', `${membersUrl}?${new URLSearchParams(query)}`)
      const { data, pagination } = answer.json()
      return [data.members.map(({ id }: { id: string }) => id), pagination.total]
    }
    expect(await found('q=ADA')).toEqual([[ada.userId], 1])
    expect(await found('q=lÖv')).toEqual([[ada.userId], 1])
    expect(await found('q=lovely')).toEqual([[bo.userId], 1])
    expect(await found(`q=${admin.email}`)).toEqual([[admin.userId], 1])
    expect(await found('q=%')).toEqual([[], 0])
    expect(await found('q=_&limit=2&page=2')).toEqual([[admin.userId], 3])
  })

  test('tells client_admins, and nobody else, who lacks the required second factor', async () => {
    const admin = await api.signUp()
    const [bare, withCodes, withApp] = [
      await joining(api, admin),
      await joining(api, admin),
      await joining(api, admin),
    ] as const
    const setFactor = (userId: string, two_factor_method: string) =>
      api.db.updateTable('users').set({ two_factor_method }).where('id', '=', userId).execute()
    await setFactor(withCodes.userId, 'otp')
    for (const { userId } of [withApp, admin]) await setFactor(userId, 'totp')
    const lacking = async () => {
      const members = await listMembers(admin)
      return members.filter((member) => member.lacksRequiredFactor).map(({ id }) => id)
    }
    const requireFactor = async (method: string) =>
      api.db
        .updateTable('organizations')
        .set({ two_factor_method: method })
        .where('id', '=', admin.organizationId)
        .execute()
    expect(await lacking()).toEqual([])
    await requireFactor('otp')
    expect(await lacking()).toEqual([bare.userId])
    await requireFactor('totp')
    expect((await lacking()).sort()).toEqual([bare.userId, withCodes.userId].sort())

    const page = (await admin.inject('GET', `${membersUrl}?lacksRequiredFactor=true&limit=1`)).json()
    expect([page.data.members.length, page.pagination.total]).toEqual([1, 2])
    expect((await listMembers(admin, '?lacksRequiredFactor=false')).map(({ id }) => id).sort()).toEqual(
      [admin.userId, withApp.userId].sort(),
    )
    expect((await listMembers(withApp)).map((member) => member.lacksRequiredFactor)).toEqual([null, null, null, null])
    for (const filter of ['lacksRequiredFactor=true', 'lacksFactor=otp']) {
      const refused = await withApp.inject('GET', `${membersUrl}?${filter}`)
      expect([refused.statusCode, refused.json().error.code]).toEqual([403, 'FORBIDDEN'])
    }

    await requireFactor('none')
    const wouldLack = async (factor: string) =>
      (await listMembers(admin, `?lacksFactor=${factor}`)).map(({ id }) => id).sort()
    expect(await wouldLack('otp')).toEqual([bare.userId])
    expect(await wouldLack('totp')).toEqual([bare.userId, withCodes.userId].sort())
    expect((await admin.inject('GET', `${membersUrl}?lacksFactor=none`)).statusCode).toBe(400)
  })

  test('is narrowed to a role', async () => {
    const admin = await api.signUp()
    const [second, user] = [await joining(api, admin, 'client_admin'), await joining(api, admin)]
    const withRole = async (role: string) => {
      const { data, pagination } = (await user.inject('GET', `${membersUrl}?role=${role}`)).json()
      return [data.members.map(({ id }: { id: string }) => id).sort(), pagination.total]
    }
    expect(await withRole('client_admin')).toEqual([[admin.userId, second.userId].sort(), 2])
    expect(await withRole('client_user')).toEqual([[user.userId], 1])
    expect((await user.inject('GET', `${membersUrl}?role=operator`)).statusCode).toBe(400)
  })

  test('holds a member who has blocked the reader, without presence', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const presence = async () => (await listMembers(user)).find(({ id }) => id === admin.userId)?.status
    expect(await statusOf(admin)).toBe(200)
    await api.deps.presence.flush()
    expect(await presence()).toBe('online')
    await admin.inject('POST', `/api/v1/friends/${user.userId}/block`)
    expect(await presence()).toBe('offline')
  })
})

describe('changing the role of a member', () => {
  test('applies to their open session and is audited', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const rename = async () => (await user.inject('PATCH', organizationUrl, { name: 'Renamed' })).statusCode
    expect(await rename()).toBe(403)
    const answer = await changeMember(admin, user.userId, { role: 'client_admin' })
    expect([answer.statusCode, answer.json().data.member]).toMatchObject([
      200,
      { id: user.userId, role: 'client_admin', isActive: true },
    ])
    await eventually(async () => expect(await rename()).toBe(200))
    expect((await user.inject('GET', '/api/v1/users/me')).json().data.user.role).toBe('client_admin')

    await changeMember(admin, user.userId, { role: 'client_user' })
    await eventually(async () => expect(await rename()).toBe(403))
    expect(await eventsOn(api, user.userId)).toMatchObject([
      { action: 'user.role_changed', actor_id: admin.userId, before: { role: 'client_user' } },
      { action: 'user.role_changed', actor_id: admin.userId, after: { role: 'client_user' } },
    ])
  })

  test('cancels their reminders of tasks that are not visible to them any more', async () => {
    const admin = await api.signUp()
    const second = await joining(api, admin, 'client_admin')
    const [theirs, own] = [await createTask(admin), await createTask(second)]
    const reminders = [await createReminder(second, theirs.id), await createReminder(second, own.id)]
    await changeMember(admin, second.userId, { role: 'client_user' })
    const rows = await api.db.selectFrom('reminders').select(['id', 'status']).where('id', 'in', reminders).execute()
    expect(new Map(rows.map(({ id, status }) => [id, status]))).toEqual(
      new Map([
        [reminders[0], 'cancelled'],
        [reminders[1], 'pending'],
      ]),
    )
  })

  test('to the one that they have changes nothing', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const { version } = await rowOf(api, user.userId)
    expect((await changeMember(admin, user.userId, { role: 'client_user', isActive: true })).statusCode).toBe(200)
    expect([(await rowOf(api, user.userId)).version, await eventsOn(api, user.userId)]).toEqual([version, []])
  })

  test('is refused for the own role, as is deactivating oneself', async () => {
    const admin = await api.signUp()
    await joining(api, admin, 'client_admin')
    for (const body of [{ role: 'client_user' }, { isActive: false }, { role: 'client_admin' }]) {
      const refused = await changeMember(admin, admin.userId, body)
      expect([refused.statusCode, codeOf(refused)]).toEqual([403, 'FORBIDDEN'])
    }
    expect(await rowOf(api, admin.userId)).toMatchObject({ role: 'client_admin', is_active: true })
  })

  test('is refused to a client_user, for users elsewhere, and to platform roles', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const other = await joining(api, admin)
    const stranger = await api.signUp()
    const operator = await api.signUp({ role: 'operator' })
    expect((await changeMember(user, other.userId, { role: 'client_admin' })).statusCode).toBe(403)
    expect((await changeMember(user, user.userId, { role: 'client_admin' })).statusCode).toBe(403)
    for (const { userId } of [stranger, operator, { userId: crypto.randomUUID() }]) {
      expect((await changeMember(admin, userId, { role: 'client_user' })).statusCode).toBe(404)
    }
    for (const body of [{ role: 'operator' }, { role: 'super_admin' }, { organizationId: null }, {}, { isActive: 1 }]) {
      expect(codeOf(await changeMember(admin, user.userId, body))).toBe('VALIDATION_FAILED')
    }
    for (const role of ['super_admin', 'site_admin', 'operator'] as const) {
      const person = await api.signUp({ role })
      expect((await changeMember(person, user.userId, { role: 'client_admin' })).statusCode).toBe(403)
    }
  })
})

describe('a deactivated member', () => {
  test('is signed out on every instance and can’t sign in until reactivated', async () => {
    const { close, ...deps } = createDeps(api.deps.config, api.deps.log)
    const second = await buildApp(deps)
    await deps.revocations.loaded
    const admin = await api.signUp()
    const user = await joiningWithPassword(api, admin)
    const cookie = [...user.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const onSecond = async () => (await second.inject({ url: '/api/v1/users/me', headers: { cookie } })).statusCode
    expect([await statusOf(user), await onSecond()]).toEqual([200, 200])

    const answer = await changeMember(admin, user.userId, { isActive: false })
    expect(answer.json().data.member).toMatchObject({ id: user.userId, isActive: false, role: 'client_user' })
    expect(await statusOf(user)).toBe(401)
    await eventually(async () => expect(await onSecond()).toBe(401))
    expect(codeOf(await login(api.connect(), user.email))).toBe('ACCOUNT_INACTIVE')
    expect(await eventsOn(api, user.userId)).toContainEqual(
      expect.objectContaining({ action: 'user.deactivated', actor_id: admin.userId }),
    )

    expect((await changeMember(admin, user.userId, { isActive: true })).json().data.member.isActive).toBe(true)
    expect((await login(api.connect(), user.email)).statusCode).toBe(200)
    // Sessions that ended stay ended.
    expect(await statusOf(user)).toBe(401)
    await second.close()
    await close()
  })

  test('has no open session after sign-ins at the same moment', async () => {
    const admin = await api.signUp()
    for (let round = 0; round < 10; round++) {
      const { email, userId } = await joiningWithPassword(api, admin)
      await Promise.all([
        changeMember(admin, userId, { isActive: false }),
        ...Array.from({ length: 4 }, () => login(api.connect(), email)),
      ])
      const open = api.db
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
      expect(await open.execute()).toEqual([])
    }
  })

  test('cannot be reactivated if the platform deactivated them', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const byPlatform = { is_active: false, deactivated_by: 'platform' }
    await api.db.updateTable('users').set(byPlatform).where('id', '=', user.userId).execute()
    const refused = await changeMember(admin, user.userId, { isActive: true })
    expect([refused.statusCode, codeOf(refused)]).toEqual([403, 'FORBIDDEN'])
    // Deactivating them once more does not turn it into a decision of the organization.
    await changeMember(admin, user.userId, { isActive: false })
    expect((await changeMember(admin, user.userId, { isActive: true })).statusCode).toBe(403)
    expect(await rowOf(api, user.userId)).toMatchObject(byPlatform)
  })
})
