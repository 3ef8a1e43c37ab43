/* An error that one field causes names that field under every code, and its sentence is true for this caller. */
import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { joining } from '../modules/organizations/testing/organization-fixtures.ts'
import {
  mailedCode,
  newUser,
  password,
  register,
  registered,
  verify,
} from '../modules/sign-in/testing/sign-in-fixtures.ts'
import * as factors from '../modules/two-factor/testing/two-factor-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'

type Answer = {
  statusCode: number
  json(): { message: string; error: { code: string; details?: { path: string; code: string }[] } }
}

const clock = manualClock()
let api: TestApp
beforeAll(async () => {
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const refusalOf = (answer: Answer) => {
  const { code, details } = answer.json().error
  return [code, details?.map((detail) => [detail.path, detail.code])]
}

describe('the username of another user', () => {
  test('is named at registration and at the profile', async () => {
    const user = await registered(api)
    const taken = ['USERNAME_TAKEN', [['body.username', 'TAKEN']]]
    expect(refusalOf(await register(api.connect(), { ...newUser(), username: user.username }))).toEqual(taken)
    const other = await api.signUp()
    expect(
      refusalOf(await other.inject('PATCH', '/api/v1/users/me', { username: user.username.toUpperCase() })),
    ).toEqual(taken)
  })

  test('is named when it was taken between registration and its code', async () => {
    const [first, second] = [newUser(), newUser()]
    const clients = [api.connect(), api.connect()] as const
    await register(clients[0], first)
    await register(clients[1], { ...second, username: first.username })
    await verify(clients[0], first.email, await mailedCode(api, first.email))
    const answer = await verify(clients[1], second.email, await mailedCode(api, second.email))
    expect(refusalOf(answer)).toEqual(['USERNAME_TAKEN', [['body.username', 'TAKEN']]])
  })
})

test('an invitation names the address or the role that is refused', async () => {
  const admin = await api.signUp()
  const member = await joining(api, admin)
  const invite = (body: object) => admin.inject('POST', '/api/v1/invites', { role: 'client_user', ...body })
  const email = newUser().email
  expect((await invite({ email })).statusCode).toBe(201)
  expect(refusalOf(await invite({ email }))).toEqual(['INVITE_OPEN', [['body.email', 'ALREADY_INVITED']]])
  expect(refusalOf(await invite({ email: member.email }))).toEqual([
    'ALREADY_EXISTS',
    [['body.email', 'ALREADY_EXISTS']],
  ])
  expect(refusalOf(await invite({ email: admin.email }))).toEqual(['ALREADY_EXISTS', [['body.email', 'YOURSELF']]])
  const tooHigh = await invite({ email: newUser().email, role: 'operator' })
  expect(refusalOf(tooHigh)).toEqual(['ROLE_NOT_ALLOWED', [['body.role', 'NOT_ALLOWED']]])
})

test('administrators are told which role they may not grant, or which one is needed', async () => {
  const [admin, user] = [await api.signUp({ role: 'site_admin' }), await api.signUp()]
  await joining(api, user)
  const change = (role: string) => admin.inject('PATCH', `/api/v1/admin/users/${user.userId}`, { role })
  expect(refusalOf(await change('super_admin'))).toEqual(['ROLE_NOT_ALLOWED', [['body.role', 'NOT_ALLOWED']]])
  expect(refusalOf(await change('operator'))).toEqual(['LAST_ADMIN', [['body.role', 'LAST_ADMIN']]])
})

test('a wrong password names the field that has it', async () => {
  const { client } = await registered(api)
  const wrong = (path: string) => ['INVALID_CREDENTIALS', [[path, 'WRONG_PASSWORD']]]
  const change = { currentPassword: 'Wr0ng-Password', newPassword: 'An0ther-Good-One' }
  expect(refusalOf(await client.inject('POST', '/api/v1/auth/change-password', change))).toEqual(
    wrong('body.currentPassword'),
  )
  expect(refusalOf(await client.inject('DELETE', '/api/v1/users/me', { password: 'Wr0ng-Password' }))).toEqual(
    wrong('body.password'),
  )
  const same = { currentPassword: password, newPassword: password }
  expect(refusalOf(await client.inject('POST', '/api/v1/auth/change-password', same))).toEqual([
    'VALIDATION_FAILED',
    [['body.newPassword', 'SAME_AS_BEFORE']],
  ])
})

test('a code beside the password is refused, not ignored', async () => {
  const { client } = await factors.withTotp(api, clock)
  const answer = await factors.renewCodes(client, { password, code: '000000' })
  expect(refusalOf(answer)).toEqual(['VALIDATION_FAILED', [['body.code', 'NOT_COMBINABLE']]])
})

test('friend requests to oneself and repeated ones name the user', async () => {
  const [ann, bob] = [await api.signUp(), await api.signUp()]
  const ask = (userId: string) => ann.inject('POST', '/api/v1/friends/requests', { userId })
  expect(refusalOf(await ask(ann.userId))).toEqual(['VALIDATION_FAILED', [['body.userId', 'YOURSELF']]])
  expect((await ask(bob.userId)).statusCode).toBeLessThan(300)
  expect(refusalOf(await ask(bob.userId))).toEqual(['ALREADY_EXISTS', [['body.userId', 'ALREADY_EXISTS']]])
})

test('a reminder in the past names its field, with an example', async () => {
  const user = await api.signUp()
  const dueDate = new Date(clock.now().getTime() + 3_600_000).toISOString()
  const task = (await user.inject('POST', '/api/v1/tasks', { title: 'A task', dueDate })).json().data.task
  const remind = (fields: object) => user.inject('POST', '/api/v1/reminders', { taskId: task.id, ...fields })
  const past = await remind({ scheduledAt: new Date(clock.now().getTime() - 1).toISOString() })
  expect(refusalOf(past)).toEqual(['VALIDATION_FAILED', [['body.scheduledAt', 'IN_THE_PAST']]])
  expect(past.json().error.details[0].message).toMatch(/like \d{4}-/)
  expect(refusalOf(await remind({ offsetMinutes: 90 }))).toEqual([
    'VALIDATION_FAILED',
    [['body.offsetMinutes', 'IN_THE_PAST']],
  ])
  // No offset may help, so none is an example.
  expect((await remind({ offsetMinutes: 90 })).json().error.details[0].params).toEqual({})
})

describe('a wrong code', () => {
  const askAnew = /Ask for a new one/
  const wrongOf = async (answer: Promise<Answer>) => {
    const { message, error } = (await answer).json()
    return { message, code: error.code, details: error.details }
  }
  const wrong = (factor: string, path = 'body.code') => ({
    code: 'OTP_INVALID',
    details: [{ path, code: 'WRONG_CODE', params: { factor }, message: expect.any(String) }],
  })

  test('of an app, and a recovery code, tell nobody to ask for a new one', async () => {
    const { email } = await factors.withTotp(api, clock)
    const token = await factors.challenged(api, email)
    const app = await wrongOf(factors.verify(api.connect(), token, '000000'))
    expect(app).toMatchObject(wrong('app'))
    expect(app.message).toMatch(/your app/)
    const recovery = await wrongOf(factors.verify(api.connect(), token, 'aaaa-aaaa-aaaa-aaaa-aaaa-aaaa'))
    expect(recovery).toMatchObject(wrong('recovery'))
    expect(recovery.message).toMatch(/recovery code/)
    for (const { message } of [app, recovery]) expect(message).not.toMatch(askAnew)
  })

  test('of an app that is being set up is no mailed one either', async () => {
    const { client } = await registered(api)
    await factors.setUpTotp(client)
    const answer = await wrongOf(factors.confirmTotp(client, '000000'))
    expect(answer).toMatchObject(wrong('app'))
    expect(answer.message).not.toMatch(askAnew)
  })

  test('that was mailed can be asked for anew, at sign-in and at registration', async () => {
    const { email } = await factors.withOtp(api, clock)
    const token = await factors.challenged(api, email)
    const code = await factors.loginCode(api, email)
    const mailed = await wrongOf(factors.verify(api.connect(), token, factors.wrong(code)))
    expect(mailed).toMatchObject(wrong('mail'))
    expect(mailed.message).toMatch(askAnew)
    const client = api.connect()
    const user = newUser()
    await register(client, user)
    const otp = factors.wrong(await mailedCode(api, user.email))
    expect(await wrongOf(verify(client, user.email, otp))).toMatchObject(wrong('mail', 'body.otp'))
  })
})
