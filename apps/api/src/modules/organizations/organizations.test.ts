import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { codeOf } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  changeOrganization,
  eventsOn,
  joining,
  organizationUrl,
  readOrganization,
} from './testing/organization-fixtures.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

test('members read their organization with its number of members; platform roles are refused', async () => {
  const admin = await api.signUp()
  const user = await joining(api, admin)
  await api.signUp()
  for (const person of [admin, user]) {
    expect(await readOrganization(person)).toEqual({
      id: admin.organizationId,
      name: expect.any(String),
      twoFactorMethod: 'none',
      memberCount: 2,
      createdAt: expect.any(String),
    })
  }
  for (const role of ['super_admin', 'site_admin', 'operator'] as const) {
    expect((await (await api.signUp({ role })).inject('GET', organizationUrl)).statusCode).toBe(403)
  }
  expect((await api.connect().inject('GET', organizationUrl)).statusCode).toBe(401)
})

test('a user made anonymous is not counted as a member', async () => {
  const admin = await api.signUp()
  const left = await joining(api, admin)
  const gone = { anonymised_at: new Date(), is_active: false }
  await api.db.updateTable('users').set(gone).where('id', '=', left.userId).execute()
  expect((await readOrganization(admin)).memberCount).toBe(1)
})

test('a client_admin renames the organization, which is audited; the same name again is not', async () => {
  const admin = await api.signUp()
  const { name } = await readOrganization(admin)
  const answer = await changeOrganization(admin, { name: '  Rowing Club  ' })
  expect([answer.statusCode, answer.json().data.organization.name]).toEqual([200, 'Rowing Club'])
  expect((await changeOrganization(admin, { name: 'Rowing Club' })).statusCode).toBe(200)
  expect(await eventsOn(api, admin.organizationId as string)).toMatchObject([
    { action: 'organization.updated', actor_id: admin.userId, before: { name }, after: { name: 'Rowing Club' } },
  ])
})

test('a client_user cannot change the organization', async () => {
  const admin = await api.signUp()
  const user = await joining(api, admin)
  const before = await readOrganization(admin)
  const refused = await changeOrganization(user, { name: 'Mine' })
  expect([refused.statusCode, codeOf(refused)]).toEqual([403, 'FORBIDDEN'])
  expect(await readOrganization(admin)).toEqual(before)
})

test.each([
  ['nothing', {}, 'body'],
  ['an empty name', { name: ' ' }, 'body.name'],
  ['a name of 101 characters', { name: 'a'.repeat(101) }, 'body.name'],
  ['an unknown factor', { twoFactorMethod: 'sms' }, 'body.twoFactorMethod'],
  ['an unknown key', { name: 'New', isPersonal: false }, 'body.isPersonal'],
])('%s is refused with its path', async (_what, body, path) => {
  const answer = await changeOrganization(await api.signUp(), body)
  expect([answer.statusCode, answer.json().error]).toMatchObject([
    400,
    { code: 'VALIDATION_FAILED', details: [{ path }] },
  ])
})

test('a required factor locks members without it, and only them, out until it is required no more', async () => {
  const admin = await api.signUp()
  const user = await joining(api, admin)
  const stranger = await api.signUp()
  await api.db.updateTable('users').set({ two_factor_method: 'totp' }).where('id', '=', admin.userId).execute()
  const tasks = async (person: typeof user) => (await person.inject('GET', '/api/v1/tasks')).statusCode
  for (const [twoFactorMethod, expected] of [
    ['otp', 403],
    ['none', 200],
  ] as const) {
    const answer = await changeOrganization(admin, { twoFactorMethod })
    expect(answer.json().data.organization.twoFactorMethod).toBe(twoFactorMethod)
    await eventually(async () => expect(await tasks(user)).toBe(expected))
    expect([await tasks(admin), await tasks(stranger)]).toEqual([200, 200])
  }
})

test('changes at once run one after another: each audit event begins where the one before ended', async () => {
  const admin = await api.signUp()
  const { name } = await readOrganization(admin)
  const names = Array.from({ length: 20 }, (_, index) => `Name ${index}`)
  await Promise.all(names.map((wanted) => changeOrganization(admin, { name: wanted })))
  const events = await eventsOn(api, admin.organizationId as string)
  const steps = new Map(events.map(({ before, after }) => [nameIn(before), nameIn(after)]))
  let last = name
  for (let count = 0; count < names.length; count++) last = steps.get(last) as string
  expect([steps.size, last]).toEqual([20, (await readOrganization(admin)).name])
})

const nameIn = (json: unknown) => (json as { name: string }).name
