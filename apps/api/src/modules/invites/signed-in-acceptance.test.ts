import type { Role } from '@muster/policy'
import { eventually, insertTask, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../../testing/test-app.ts'
import { codeOf, login, registered, templatesTo } from '../sign-in/testing/sign-in-fixtures.ts'
import { accept, eventsOf, invited, newAccount, newEmail, rowOf, send, setUser } from './testing/invites-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const me = async (client: TestClient) => (await client.inject('GET', '/api/v1/users/me')).json().data?.user
const organizationOf = (id: string) =>
  api.db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const isInvalid = async (answer: ReturnType<typeof accept>) => {
  const response = await answer
  return response.statusCode === 400 && codeOf(response) === 'INVITE_INVALID'
}
const memberOf = (person: TestUser, role: Role = 'client_user') =>
  api.signUp({ role, organizationId: person.organizationId as string })
const requireFactor = ({ organizationId }: TestUser, two_factor_method: string) =>
  api.db.updateTable('organizations').set({ two_factor_method }).where('id', '=', organizationId).execute()

describe('a signed-in user', () => {
  test('moves to the organization with their tasks, in all their sessions', async () => {
    const person = await registered(api)
    const phone = api.connect()
    await login(phone, person.email)
    const before = await me(person.client)
    const task = await insertTask(api.db, { id: person.id, organization_id: before.organizationId })
    const admin = await api.signUp()
    const { id, token } = await invited(api, admin, 'client_user', person.email)
    const answer = await accept(person.client, { token })
    expect([answer.statusCode, answer.json().data.user]).toMatchObject([
      200,
      { id: person.id, role: 'client_user', organizationId: admin.organizationId },
    ])
    expect(await me(person.client)).toMatchObject({ role: 'client_user', organizationId: admin.organizationId })
    const seen = async (client: TestClient) =>
      (await client.inject('GET', '/api/v1/organization')).json().data?.organization?.id
    await eventually(async () => expect(await seen(phone)).toBe(admin.organizationId), {
      intervalMs: 20,
    })
    expect((await person.client.inject('GET', `/api/v1/tasks/${task.id}`)).json().data.task.ownerId).toBe(person.id)
    expect(await rowOf(api, id)).toMatchObject({ status: 'accepted', accepted_by: person.id })
    expect(await eventsOf(api, person.id)).toContain('user.membership_changed')
    expect(await templatesTo(api, person.email)).not.toContain('invite-accepted')
  })

  test('can become client_admin of a new organization, or get a platform role', async () => {
    const superAdmin = await api.signUp({ role: 'super_admin' })
    const person = await api.signUp()
    const toAdmin = await invited(api, superAdmin, 'client_admin', person.email)
    const { user } = (await accept(person, { token: toAdmin.token })).json().data
    expect(user.organizationId).not.toBe(person.organizationId)
    expect(await organizationOf(user.organizationId)).toMatchObject({ name: 'Analytical Engines', is_personal: false })
    const toSite = await invited(api, superAdmin, 'site_admin', person.email)
    expect((await accept(person, { token: toSite.token })).json().data.user).toMatchObject({
      role: 'site_admin',
      organizationId: null,
    })
    await eventually(async () =>
      expect((await send(person, { email: newEmail(), role: 'operator' })).statusCode).toBe(201),
    )
  })

  test('can accept only invitations for their e-mail', async () => {
    const inviter = await api.signUp()
    const { id, token } = await invited(api, inviter, 'client_user')
    const other = await api.signUp()
    expect(await isInvalid(accept(other, { token }))).toBe(true)
    expect((await me(other)).organizationId).toBe(other.organizationId)
    expect((await rowOf(api, id)).status).toBe('pending')
    // With all fields of an account, the request creates the account of the invited address.
    const answer = await accept(other, newAccount(token))
    expect([answer.statusCode, (await me(other)).id]).toEqual([201, answer.json().data.user.id])
  })

  test('cannot leave as the last client_admin of an organization with members', async () => {
    const person = await api.signUp()
    const member = await memberOf(person)
    const { id, token } = await invited(api, await api.signUp(), 'client_user', person.email)
    const refused = await accept(person, { token })
    expect([refused.statusCode, codeOf(refused)]).toEqual([409, 'LAST_ADMIN'])
    expect((await rowOf(api, id)).status).toBe('pending')
    await setUser(api, member.userId, { role: 'client_admin' })
    expect((await accept(person, { token })).statusCode).toBe(200)
  })

  test('and another admin who leave in parallel: one stays', async () => {
    const owner = await api.signUp()
    const elsewhere = await api.signUp()
    for (let round = 0; round < 5; round++) {
      const one = await memberOf(owner, 'client_admin')
      const other = await memberOf(owner, 'client_admin')
      await setUser(api, owner.userId, { role: 'client_user' })
      const tokens: string[] = []
      for (const { email } of [one, other]) tokens.push((await invited(api, elsewhere, 'client_user', email)).token)
      const answers = await Promise.all([one, other].map((person, index) => accept(person, { token: tokens[index] })))
      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
      expect(answers.map((answer) => answer.statusCode === 409 && codeOf(answer))).toContain('LAST_ADMIN')
      const stayed = answers[0]?.statusCode === 409 ? one : other
      await setUser(api, owner.userId, { role: 'client_admin' })
      await setUser(api, stayed.userId, { is_active: false })
    }
  })

  test('keeps a platform role that the inviter may not grant', async () => {
    const [clientAdmin, siteAdmin, superAdmin] = [
      await api.signUp(),
      await api.signUp({ role: 'site_admin' }),
      await api.signUp({ role: 'super_admin' }),
    ]
    const operator = await api.signUp({ role: 'operator' })
    const byClient = await invited(api, clientAdmin, 'client_user', operator.email)
    expect(codeOf(await accept(operator, { token: byClient.token }))).toBe('ROLE_NOT_ALLOWED')
    const other = await api.signUp({ role: 'site_admin' })
    const bySite = await invited(api, siteAdmin, 'operator', other.email)
    expect(codeOf(await accept(other, { token: bySite.token }))).toBe('ROLE_NOT_ALLOWED')
    const third = await api.signUp({ role: 'operator' })
    const bySuper = await invited(api, superAdmin, 'site_admin', third.email)
    expect((await accept(third, { token: bySuper.token })).json().data.user.role).toBe('site_admin')
  })

  test('is refused with a reason when they are already a member', async () => {
    const admin = await api.signUp()
    const person = await api.signUp()
    const { token } = await invited(api, admin, 'client_user', person.email)
    await setUser(api, person.userId, { role: 'client_user', organization_id: admin.organizationId })
    expect(codeOf(await accept(person, { token }))).toBe('ALREADY_EXISTS')
  })

  test('accepts once in twenty parallel requests', async () => {
    const person = await api.signUp()
    const { id, token } = await invited(api, await api.signUp(), 'client_user', person.email)
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(person, { token })))
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
    expect(await eventsOf(api, id)).toEqual(['invite.created', 'invite.accepted'])
  })

  test('without the second factor that their organization requires cannot accept', async () => {
    const person = await api.signUp()
    const { token } = await invited(api, await api.signUp(), 'client_user', person.email)
    await requireFactor(person, 'otp')
    await setUser(api, person.userId, { password_hash: await api.deps.passwords.hash('Str0ng-Enough') })
    const again = api.connect()
    await login(again, person.email)
    expect(codeOf(await accept(again, { token }))).toBe('TWO_FACTOR_REQUIRED')
  })
})
