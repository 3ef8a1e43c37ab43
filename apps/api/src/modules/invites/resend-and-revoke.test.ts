import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { codeOf, mailsTo } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  accept,
  details,
  eventsOf,
  invited,
  letTimePass,
  list,
  mailedToken,
  newAccount,
  resend,
  revoke,
  rowOf,
  setUser,
  waitsForLock,
  weekMs,
} from './testing/invites-fixtures.ts'

let clock: ManualClock
let api: TestApp
let admin: TestUser
let operator: TestUser

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  admin = await api.signUp()
  operator = await api.signUp({ role: 'operator' })
})
afterAll(() => api.close())

describe('a resend', () => {
  test('ends previous links, drops their queued mails and begins a new term', async () => {
    const { id, email, token: before } = await invited(api, admin, 'client_user')
    await letTimePass(api, clock, weekMs - 1)
    const answer = await resend(admin, id)
    expect(answer.json().data.invite).toMatchObject({
      id,
      status: 'pending',
      expiresAt: new Date(clock.now().getTime() + weekMs).toISOString(),
    })
    const token = await mailedToken(api, email)
    expect(token).not.toBe(before)
    for (const use of [details(api.connect(), before), accept(api.connect(), newAccount(before))])
      expect(codeOf(await use)).toBe('INVITE_INVALID')
    expect((await mailsTo(api, email)).map(({ status }) => status)).toEqual(['dropped', 'queued'])
    expect(await eventsOf(api, id)).toEqual(['invite.created', 'invite.resent'])
    await letTimePass(api, clock, weekMs - 1)
    expect((await accept(api.connect(), newAccount(token))).statusCode).toBe(201)
  })

  test('is known to be needed: the invitation tells what became of its latest mail', async () => {
    const { id, email } = await invited(api, admin, 'client_user')
    const delivery = async () =>
      (await list(admin, '?status=pending')).data.invites.find((invite: { id: string }) => invite.id === id).delivery
    const setMails = (change: { status: string }) =>
      api.db.updateTable('email_messages').set(change).where('to_address', '=', email).execute()
    expect(await delivery()).toBe('underway')
    await setMails({ status: 'sent' })
    expect(await delivery()).toBe('sent')
    await setMails({ status: 'failed' })
    expect(await delivery()).toBe('failed')
    await api.db.insertInto('email_suppressions').values({ address: email, reason: 'no such user' }).execute()
    expect(await delivery()).toBe('suppressed')
    await api.db.deleteFrom('email_suppressions').where('address', '=', email).execute()
    expect((await resend(admin, id)).json().data.invite.delivery).toBe('underway')
    await api.db.deleteFrom('email_messages').where('to_address', '=', email).execute()
    expect(await delivery()).toBeNull()
  })

  test('renews an expired invitation, unless the address has a newer one', async () => {
    const { id, email } = await invited(api, admin, 'client_user')
    await letTimePass(api, clock, weekMs)
    expect((await resend(admin, id)).json().data.invite.status).toBe('pending')
    await letTimePass(api, clock, weekMs)
    await invited(api, operator, 'client_admin', email)
    expect(codeOf(await resend(admin, id))).toBe('INVITE_OPEN')
  })

  test('is refused for an ended invitation, and for a user who lost the permission', async () => {
    const { id } = await invited(api, admin, 'client_user')
    await revoke(admin, id)
    expect([(await resend(admin, id)).statusCode, codeOf(await resend(admin, id))]).toEqual([409, 'CONFLICT'])
    const user = await api.signUp({ role: 'site_admin' })
    const invitation = await invited(api, user, 'operator')
    await setUser(api, user.userId, { role: 'operator' })
    expect(codeOf(await resend(user, invitation.id))).toBe('ROLE_NOT_ALLOWED')
  })

  test('in parallel with an acceptance: either the old link was in time, or the new one works', async () => {
    for (let round = 0; round < 10; round++) {
      const { id, email, token } = await invited(api, admin, 'client_user')
      const [accepted, sent] = await Promise.all([accept(api.connect(), newAccount(token)), resend(admin, id)])
      if (accepted.statusCode === 201)
        expect([codeOf(sent), (await rowOf(api, id)).status]).toEqual(['CONFLICT', 'accepted'])
      else {
        expect([codeOf(accepted), sent.statusCode]).toEqual(['INVITE_INVALID', 200])
        expect((await details(api.connect(), await mailedToken(api, email))).statusCode).toBe(200)
      }
    }
  })
})

test('an administrator cannot resend an invitation whose inviter lost the permission', async () => {
  const inviter = await api.signUp({ role: 'operator' })
  const superAdmin = await api.signUp({ role: 'super_admin' })
  const { id } = await invited(api, inviter, 'client_admin')
  expect((await resend(superAdmin, id)).statusCode).toBe(200)
  await setUser(api, inviter.userId, { is_active: false })
  expect(codeOf(await resend(superAdmin, id))).toBe('CONFLICT')
})

describe('a revocation', () => {
  test('ends the link, drops a queued mail, and may be repeated', async () => {
    const { id, email, token } = await invited(api, admin, 'client_user')
    for (let times = 0; times < 2; times++) {
      const answer = await revoke(admin, id)
      expect([answer.statusCode, answer.json().data.invite.status]).toEqual([200, 'revoked'])
    }
    expect(await eventsOf(api, id)).toEqual(['invite.created', 'invite.revoked'])
    expect((await mailsTo(api, email)).map(({ status }) => status)).toEqual(['dropped'])
    expect(codeOf(await accept(api.connect(), newAccount(token)))).toBe('INVITE_INVALID')
  })

  test('in progress makes a parallel acceptance wait, and wins', async () => {
    const { id, token } = await invited(api, admin, 'client_user')
    const there = await api.signUp()
    const user = await invited(api, admin, 'client_user', there.email)
    const trx = await api.db.startTransaction().execute()
    await trx.updateTable('invites').set({ status: 'revoked' }).where('id', 'in', [id, user.id]).execute()
    const accepting = [accept(api.connect(), newAccount(token)), accept(there, { token: user.token })]
    await Promise.race([...accepting, eventually(() => waitsForLock(api))])
    await trx.commit().execute()
    for (const answer of await Promise.all(accepting)) expect(codeOf(answer)).toBe('INVITE_INVALID')
    expect([(await rowOf(api, id)).status, (await rowOf(api, user.id)).status]).toEqual(['revoked', 'revoked'])
  })

  test('is refused after the acceptance', async () => {
    const { id, token } = await invited(api, admin, 'client_user')
    await accept(api.connect(), newAccount(token))
    expect([(await revoke(admin, id)).statusCode, codeOf(await revoke(admin, id))]).toEqual([409, 'CONFLICT'])
  })

  test('is permitted for the inviter, and for administrators who may invite into the role', async () => {
    const superAdmin = await api.signUp({ role: 'super_admin' })
    const siteAdmin = await api.signUp({ role: 'site_admin' })
    const colleague = await api.signUp({ organizationId: admin.organizationId as string })
    const toSite = await invited(api, superAdmin, 'site_admin')
    const toClient = await invited(api, operator, 'client_admin')
    const toUser = await invited(api, admin, 'client_user')
    for (const [user, { id }, status] of [
      [siteAdmin, toSite, 403],
      [operator, toSite, 403],
      [admin, toSite, 404],
      [colleague, toUser, 404],
      [superAdmin, toUser, 403],
      [siteAdmin, toClient, 200],
      [superAdmin, toSite, 200],
      [admin, toUser, 200],
    ] as const) {
      if (status !== 200) expect((await resend(user, id)).statusCode).toBe(status)
      expect((await revoke(user, id)).statusCode).toBe(status)
    }
    expect((await revoke(admin, '01890000-0000-7000-8000-000000000000')).statusCode).toBe(404)
  })
})
