import { insertReminder, insertTask, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { logPendingEvents } from '../audit/testing/audit-fixtures.ts'
import { codeOf, login, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import { withTotp } from '../two-factor/testing/two-factor-fixtures.ts'
import { changeUser, eventsOf, tally, unknownId, userUrl } from './testing/admin-fixtures.ts'

/* What operators see of one user, what they are told before they act, and what the log keeps of why. */

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

const consequencesOf = async (id: string, query: string, by = admin) =>
  dataOf(await by.inject('GET', `${userUrl(id)}/consequences?${query}`)).consequences
const organizationOf = ({ userId, organizationId }: TestUser) => ({ id: userId, organization_id: organizationId })

test('sessions are shown with their device, those that ended with the reason', async () => {
  const person = await registered(api)
  const other = api.connect()
  await login(other, person.email)
  await other.inject('POST', '/api/v1/auth/logout')
  const { open, ended } = dataOf(await admin.inject('GET', `${userUrl(person.id)}/sessions`)).sessions
  expect(open).toMatchObject([{ ip: '127.0.0.1', device: { label: expect.any(String) } }])
  expect(ended).toMatchObject([{ endReason: 'signed out', endedAt: expect.any(String) }])
  await admin.inject('POST', `${userUrl(person.id)}/revoke-sessions`, { note: 'A laptop was stolen.' })
  const after = dataOf(await admin.inject('GET', `${userUrl(person.id)}/sessions`)).sessions
  expect([after.open.length, after.ended.length]).toEqual([0, 2])
  expect(after.ended).toContainEqual(expect.objectContaining({ endReason: 'ended by an administrator' }))
  expect(await eventsOf(api, 'user.sessions_revoked', person.id)).toMatchObject([
    { after: { ended: 1, note: 'A laptop was stolen.' } },
  ])
})

test('the second factor is shown without its secret, and a lock until it ends', async () => {
  const person = await withTotp(api, clock)
  for (let attempt = 0; attempt < 6; attempt++)
    await api.connect().inject('POST', '/api/v1/auth/login', { email: person.email, password: `wrong ${attempt}` })
  const answer = await admin.inject('GET', `${userUrl(person.id)}/factors`)
  expect(dataOf(answer).factors).toEqual({
    method: 'totp',
    requiredMethod: 'none',
    recoveryCodesLeft: 10,
    appSince: expect.any(String),
    passwordLockedUntil: expect.any(String),
    codeLockedUntil: null,
  })
  clock.advance(3_600_000)
  expect(dataOf(await admin.inject('GET', `${userUrl(person.id)}/factors`)).factors.passwordLockedUntil).toBeNull()
})

test('what an action does is counted beforehand as it happens then', async () => {
  const person = await api.signUp()
  const organizationId = person.organizationId as string
  await api.signUp({ role: 'client_user', organizationId })
  const task = await insertTask(api.db, organizationOf(person))
  await insertReminder(api.db, task)
  await person.inject('POST', '/api/v1/invites', { email: `n-${person.userId}@example.test`, role: 'client_user' })
  const before = await consequencesOf(person.userId, 'action=deactivate')
  expect(before).toEqual({
    action: 'deactivate',
    changesNothing: false,
    refusal: null,
    canUndo: true,
    sessions: 1,
    reminders: 1,
    queuedMails: 0,
    invitations: 1,
    openTasks: 1,
    movedTasks: 0,
    leftGroups: 0,
    membersWithoutAdmin: 1,
  })
  expect(await consequencesOf(person.userId, 'action=revokeSessions')).toMatchObject({ sessions: 1, canUndo: false })
  expect(await consequencesOf(person.userId, 'action=reactivate')).toMatchObject({ changesNothing: true })
  expect(await consequencesOf(person.userId, 'action=changeRole&role=operator')).toMatchObject({
    refusal: { code: 'LAST_ADMIN' },
    movedTasks: 1,
    canUndo: false,
  })
  await changeUser(admin, person.userId, { isActive: false, note: 'Left the company.' })
  expect(dataOf(await admin.inject('GET', `${userUrl(person.userId)}/sessions`)).sessions.open).toHaveLength(0)
  expect(await consequencesOf(person.userId, 'action=deactivate')).toMatchObject({ changesNothing: true, sessions: 0 })
  expect(await eventsOf(api, 'user.deactivated', person.userId)).toMatchObject([
    { after: { isActive: false, by: 'platform', note: 'Left the company.' } },
  ])
  await changeUser(admin, person.userId, { isActive: true, note: 'Came back.' })
  expect(await eventsOf(api, 'user.reactivated', person.userId)).toMatchObject([{ after: { note: 'Came back.' } }])
})

test('a refusal is told beforehand exactly when the action is refused', async () => {
  const [site, operator] = [await api.signUp({ role: 'site_admin' }), await api.signUp({ role: 'operator' })]
  const client = await api.signUp()
  const cases: [TestUser, TestUser, string, object][] = [
    [operator, client, 'action=deactivate', { isActive: false }],
    [site, admin, 'action=deactivate', { isActive: false }],
    [site, site, 'action=deactivate', { isActive: false }],
    [site, client, 'action=changeRole&role=site_admin', { role: 'site_admin' }],
    [site, operator, 'action=changeRole&role=client_user', { role: 'client_user' }],
    [admin, operator, 'action=changeRole&role=site_admin', { role: 'site_admin' }],
    [site, client, 'action=changeRole&role=operator', { role: 'operator' }],
  ]
  for (const [by, whom, query, patch] of cases) {
    const { refusal } = await consequencesOf(whom.userId, query, by)
    const answer = await changeUser(by, whom.userId, patch)
    expect([query, refusal?.code ?? null]).toEqual([query, answer.statusCode === 200 ? null : codeOf(answer)])
  }
  for (const query of ['', 'action=delete', 'action=changeRole', 'action=deactivate&role=operator'])
    expect(codeOf(await admin.inject('GET', `${userUrl(client.userId)}/consequences?${query}`))).toBe(
      'VALIDATION_FAILED',
    )
  expect(codeOf(await admin.inject('GET', `${userUrl(unknownId)}/consequences?action=deactivate`))).toBe('NOT_FOUND')
})

test('of two administrators who decide by the same version, the second is told that it has changed', async () => {
  const { userId } = await api.signUp()
  const other = await api.signUp({ role: 'site_admin' })
  const etag = String((await admin.inject('GET', userUrl(userId))).headers.etag)
  const decide = (by: TestUser, isActive: boolean) =>
    by.inject('PATCH', userUrl(userId), { isActive }, { 'if-match': etag })
  const answers = await Promise.all([decide(admin, false), decide(other, false)])
  expect(tally(answers)).toEqual({ 200: 1, 412: 1 })
  expect(answers.filter(({ statusCode }) => statusCode === 412).map(codeOf)).toEqual(['STALE'])
  expect(await eventsOf(api, 'user.deactivated', userId)).toHaveLength(1)
})

test('every look is in the log, and the user sees who looked', async () => {
  const person = await api.signUp()
  const operator = await api.signUp({ role: 'operator' })
  for (const part of ['sessions', 'factors', 'consequences?action=deactivate'])
    expect((await operator.inject('GET', `${userUrl(person.userId)}/${part}`)).statusCode).toBe(200)
  for (const action of ['admin.user_sessions_read', 'admin.user_factors_read', 'admin.user_read'])
    expect(await eventsOf(api, action, person.userId)).toMatchObject([{ actor_id: operator.userId }])
  await logPendingEvents(api)
  const { accesses } = dataOf(await person.inject('GET', '/api/v1/users/me/access-log'))
  expect(accesses.map(({ access, subject }: { access: string; subject: string }) => `${access} ${subject}`)).toEqual([
    'read profile',
    'read secondFactor',
    'read sessions',
  ])
})
