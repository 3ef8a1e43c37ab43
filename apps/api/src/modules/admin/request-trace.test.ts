import { newId } from '@muster/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { base, clientRoles, eventsOf, oneOfEach, platformRoles } from './testing/admin-fixtures.ts'

let api: TestApp
let operator: TestUser
beforeAll(async () => {
  api = await buildTestApp()
  operator = await api.signUp({ role: 'operator' })
})
afterAll(() => api.close())

const trace = (id: string, by = operator) => by.inject('GET', `${base}/trace/${encodeURIComponent(id)}`)

const nameOf = ({ email }: TestUser) => email.split('@')[0]

/** Assigns a task to a member who is told and mailed. @returns the id of the request */
async function assign(owner: TestUser, member: TestUser): Promise<string> {
  await member.inject('PUT', '/api/v1/users/me/preferences', { notifications: { general: { email: true } } })
  const body = { title: 'Water', dueDate: '2099-01-01T00:00:00.000Z', assigneeId: member.userId }
  return (await owner.inject('POST', '/api/v1/tasks', body)).headers['x-request-id'] as string
}

test('a request has its events, mails, notifications and jobs with names; each look is audited', async () => {
  const owner = await api.signUp()
  const member = await api.signUp({
    role: 'client_user',
    organizationId: owner.organizationId as string,
  })
  const requestId = await assign(owner, member)
  const answer = await trace(`"requestId": "${requestId.toUpperCase()}"`)
  expect(answer.json().data.trace).toMatchObject({
    requestId,
    foundBy: null,
    auditEvents: [
      { action: 'task.created', actor: { id: owner.userId, name: nameOf(owner) }, targetName: null, ip: '127.0.0.1' },
    ],
    mails: [{ template: 'task-assignment', to: member.email, requestId }],
    notifications: [{ user: { id: member.userId, name: nameOf(member) }, event: 'taskAssigned' }],
    jobs: [{ queue: 'email', name: 'send-email', isInOutbox: true }],
    cutOff: [],
  })
  const { mails, kept } = answer.json().data.trace
  expect(kept.find(({ kind }: { kind: string }) => kind === 'mails')).toMatchObject({
    isGone: false,
    rule: expect.stringContaining('30 days'),
  })
  expect((await trace(mails[0].id)).json().data.trace).toMatchObject({ requestId, foundBy: 'mail' })
  const renamed = await member.inject('PATCH', '/api/v1/users/me', { name: 'Ada of the Lighthouse' })
  expect((await trace(String(renamed.headers['x-request-id']))).json().data.trace).toMatchObject({
    auditEvents: [{ targetType: 'user', targetId: member.userId, targetName: 'Ada of the Lighthouse' }],
  })
  expect(await eventsOf(api, 'admin.request_traced', requestId)).toMatchObject(
    Array(2).fill({ actor_id: operator.userId, after: { emailIds: [mails[0].id], notifications: 1 } }),
  )
})

test('what is no id of a request is refused with the reason, and the id of an account leads nowhere', async () => {
  for (const [id, message] of [
    ['mine-1', /not the id of a request/],
    [`${newId()} ${newId()}`, /several ids/],
    ['6f1a6ed1-7e1c-4c39-8c3b-0b6b1f0a9a11', /version 7/],
  ] as const) {
    const { statusCode, ...answer } = await trace(id)
    expect([id, statusCode, answer.json().error]).toMatchObject([id, 400, { code: 'VALIDATION_FAILED' }])
    expect(answer.json().message).toMatch(message)
  }
  expect((await trace(operator.userId)).statusCode).toBe(404)
  expect((await trace(newId())).json().data.trace).toMatchObject({
    auditEvents: [],
    mails: [],
    jobs: [],
    isWhole: true,
  })
})

test('platform roles may trace, others may not', async () => {
  const users = await oneOfEach(api)
  for (const role of platformRoles) expect([role, (await trace(newId(), users[role])).statusCode]).toEqual([role, 200])
  for (const role of clientRoles) expect([role, (await trace(newId(), users[role])).statusCode]).toEqual([role, 403])
})
