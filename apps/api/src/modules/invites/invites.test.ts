import { invitableRoles, type Role, roles } from '@muster/policy'
import { type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { codeOf, mailsTo } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  accept,
  details,
  eventsOf,
  invited,
  inviteOf,
  letTimePass,
  list,
  mailedToken,
  newAccount,
  newEmail,
  resend,
  revoke,
  rowOf,
  send,
  setUser,
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

const pathsOf = (answer: { json(): { error: { details?: { path: string }[] } } }) =>
  answer.json().error.details?.map(({ path }) => path)

describe('an invitation', () => {
  test('is returned, mailed and recorded, with the token only in the mail', async () => {
    const email = newEmail()
    const answer = await send(operator, {
      email: ` ${email.toUpperCase()} `,
      role: 'client_admin',
      organizationName: ' Engines ',
    })
    expect(answer.statusCode).toBe(201)
    const { invite } = answer.json().data
    expect(invite).toEqual({
      id: expect.any(String),
      email,
      role: 'client_admin',
      status: 'pending',
      expiresAt: new Date(clock.now().getTime() + weekMs).toISOString(),
      emailId: expect.any(String),
      delivery: 'underway',
      // It begins with the acceptance.
      organizationId: null,
      organizationName: 'Engines',
      invitedBy: { id: operator.userId, name: expect.any(String) },
      createdAt: clock.now().toISOString(),
    })
    const [mail] = await mailsTo(api, email)
    expect(mail).toMatchObject({ template: 'invite', data: { role: 'client_admin', organizationName: 'Engines' } })
    expect(mail?.expires_at?.toISOString()).toBe(invite.expiresAt)
    expect(await eventsOf(api, invite.id)).toEqual(['invite.created'])
    const token = await mailedToken(api, email)
    const secret = token.split('.')[1] as string
    expect(answer.body).not.toContain(secret)
    for (const table of ['invites', 'email_messages', 'audit_pending', 'outbox']) {
      const { rows } = await sql<{
        all: string
      }>`select string_agg(t::text, ' ') as all from ${sql.table(table)} t`.execute(api.db)
      expect(rows[0]?.all ?? '').not.toContain(secret)
    }
  })

  test('is permitted for exactly the roles of the table', async () => {
    const users = Object.fromEntries(
      await Promise.all(roles.map(async (role) => [role, await api.signUp({ role })] as const)),
    ) as Record<Role, TestUser>
    const invitable = roles.filter((role) => role !== 'super_admin')
    for (const role of roles) {
      for (const given of invitable) {
        const answer = await send(users[role], inviteOf(given))
        const isAllowed = invitableRoles(role).includes(given)
        const refusal = role === 'client_user' ? 'FORBIDDEN' : 'ROLE_NOT_ALLOWED'
        expect([role, given, answer.statusCode, isAllowed || codeOf(answer)]).toEqual([
          role,
          given,
          ...(isAllowed ? [201, true] : [403, refusal]),
        ])
      }
      const answer = await send(users[role], { email: newEmail(), role: 'super_admin' })
      expect(answer.statusCode).toBe(role === 'client_user' ? 403 : 400)
    }
  })

  test('is judged by the inviter’s current role, not by the token’s claim', async () => {
    const user = await api.signUp({ role: 'site_admin' })
    await setUser(api, user.userId, { role: 'operator' })
    expect(codeOf(await send(user, inviteOf('operator')))).toBe('ROLE_NOT_ALLOWED')
  })

  test('is refused for invalid bodies, naming the field', async () => {
    const email = newEmail()
    const bodies: [object, string[]][] = [
      [{}, ['body.email', 'body.role']],
      [{ email: 'nobody', role: 'client_user' }, ['body.email']],
      [{ email, role: 'boss' }, ['body.role']],
      [{ email, role: 'client_admin' }, ['body.organizationName']],
      [{ email, role: 'client_admin', organizationName: ' ' }, ['body.organizationName']],
      [{ email, role: 'client_admin', organizationName: 'x'.repeat(101) }, ['body.organizationName']],
      [{ email, role: 'client_user', organizationName: 'Engines' }, ['body.organizationName']],
      [{ email, role: 'client_user', token: 'x' }, ['body.token']],
    ]
    for (const [body, paths] of bodies) {
      const answer = await send(admin, body)
      expect([body, answer.statusCode, pathsOf(answer)]).toEqual([body, 400, paths])
    }
  })

  test('is refused for oneself and members, and reveals no other accounts', async () => {
    const member = await api.signUp({ role: 'client_user', organizationId: admin.organizationId as string })
    const stranger = await api.signUp()
    for (const email of [admin.email, member.email])
      expect(codeOf(await send(admin, inviteOf('client_user', email)))).toBe('ALREADY_EXISTS')
    expect((await send(admin, inviteOf('client_user', stranger.email))).statusCode).toBe(201)
    expect(codeOf(await send(operator, inviteOf('client_admin', operator.email)))).toBe('ALREADY_EXISTS')
  })

  test('is replayed for the same Idempotency-Key, with one mail', async () => {
    const body = inviteOf('client_user')
    const key = { 'idempotency-key': 'once' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(admin, body, key)))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(201))
    expect(new Set(answers.map((answer) => answer.json().data.invite.id)).size).toBe(1)
    expect(await mailsTo(api, body.email)).toHaveLength(1)
    expect(codeOf(await send(admin, inviteOf('client_user'), key))).toBe('IDEMPOTENCY_MISMATCH')
  })
})

describe('an address', () => {
  test('has one open invitation, even after twenty parallel ones by different inviters', async () => {
    const email = newEmail()
    const inviters = await Promise.all(Array.from({ length: 20 }, () => api.signUp()))
    const answers = await Promise.all(inviters.map((inviter) => send(inviter, inviteOf('client_user', email))))
    const won = answers.filter(({ statusCode }) => statusCode === 201)
    expect(won).toHaveLength(1)
    const lost = answers.filter((answer) => answer !== won[0])
    expect(lost.map((answer) => [answer.statusCode, codeOf(answer)])).toEqual(Array(19).fill([409, 'INVITE_OPEN']))
    expect(await mailsTo(api, email)).toHaveLength(1)
  })

  test('can be invited again after a revocation, expiry or acceptance', async () => {
    const first = await invited(api, admin, 'client_user')
    await revoke(admin, first.id)
    const second = await invited(api, admin, 'client_user', first.email)
    await letTimePass(api, clock, weekMs)
    const third = await invited(api, admin, 'client_user', first.email)
    expect((await rowOf(api, second.id)).status).toBe('expired')
    expect(await eventsOf(api, second.id)).toEqual(['invite.created', 'invite.expired'])
    await accept(api.connect(), newAccount(third.token))
    const other = await api.signUp()
    expect((await send(other, inviteOf('client_user', first.email))).statusCode).toBe(201)
  })

  test('can be invited again when the previous inviter lost the permission', async () => {
    const gone = await api.signUp()
    const { id, email, token } = await invited(api, gone, 'client_user')
    expect(codeOf(await send(admin, inviteOf('client_user', email)))).toBe('INVITE_OPEN')
    await setUser(api, gone.userId, { is_active: false })
    expect((await send(admin, inviteOf('client_user', email))).statusCode).toBe(201)
    expect((await rowOf(api, id)).status).toBe('revoked')
    expect(codeOf(await details(api.connect(), token))).toBe('INVITE_INVALID')
  })

  test('gets at most ten mails a day from all inviters together', async () => {
    const { id, email } = await invited(api, admin, 'client_user')
    for (let mails = 1; mails < 10; mails++) expect((await resend(admin, id)).statusCode).toBe(200)
    const token = await mailedToken(api, email)
    const refused = await resend(admin, id)
    expect([refused.statusCode, codeOf(refused)]).toEqual([429, 'RATE_LIMITED'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(86_000)
    // The refused requests had no effect.
    expect((await details(api.connect(), token)).statusCode).toBe(200)
    await revoke(admin, id)
    expect((await send(operator, inviteOf('client_admin', email))).statusCode).toBe(429)
    await sql`update email_messages set created_at = created_at - interval '1 day' where to_address = ${email}`.execute(
      api.db,
    )
    expect((await send(operator, inviteOf('client_admin', email))).statusCode).toBe(201)
  })
})

test('a user is limited to a number of invitations an hour', async () => {
  const small = await buildTestApp({ config: { rateLimitScale: 0.01 } })
  const [one, other] = [await small.signUp(), await small.signUp()]
  const statuses = []
  for (let count = 0; count < 3; count++) statuses.push((await send(one, inviteOf('client_user'))).statusCode)
  expect(statuses).toEqual([201, 201, 429])
  expect((await send(other, inviteOf('client_user'))).statusCode).toBe(201)
  await small.close()
})

describe('the list', () => {
  test('shows inviters their own and administrators all, by page and status', async () => {
    const own = await buildTestApp({ clock })
    const [one, other] = [await own.signUp(), await own.signUp()]
    const administrator = await own.signUp({ role: 'operator' })
    const pending = []
    for (let count = 0; count < 5; count++) pending.unshift((await invited(own, one, 'client_user')).id)
    const revoked = await invited(own, other, 'client_user')
    await revoke(other, revoked.id)
    const accepted = await invited(own, other, 'client_user')
    await accept(own.connect(), newAccount(accepted.token))

    const idsOf = (answer: { data: { invites: { id: string }[] } }) => answer.data.invites.map(({ id }) => id)
    const first = await list(one, '?limit=2')
    expect(idsOf(first)).toEqual(pending.slice(0, 2))
    expect(first.pagination).toEqual({ page: 1, limit: 2, total: 5, totalPages: 3, nextCursor: null })
    expect(idsOf(await list(one, '?limit=2&page=3'))).toEqual(pending.slice(4))
    expect(idsOf(await list(administrator))).toEqual([accepted.id, revoked.id, ...pending])
    expect(idsOf(await list(administrator, '?status=accepted'))).toEqual([accepted.id])
    expect(idsOf(await list(one, '?status=accepted'))).toEqual([])

    await letTimePass(own, clock, weekMs)
    const late = await invited(own, other, 'client_user')
    await own.db
      .updateTable('invites')
      .set({ status: 'expired' })
      .where('id', '=', pending[2] as string)
      .execute()
    expect(idsOf(await list(administrator, '?status=expired'))).toEqual(pending)
    expect((await list(administrator, '?status=expired')).pagination.total).toBe(5)
    expect(idsOf(await list(administrator, '?status=expired&limit=2&page=2'))).toEqual(pending.slice(2, 4))
    expect(idsOf(await list(administrator, '?status=pending'))).toEqual([late.id])
    await own.close()
  })

  test('refuses invalid queries', async () => {
    const user = await api.signUp()
    for (const query of ['?status=open', '?page=0', '?limit=101', '?page=102&limit=100', '?role=operator'])
      expect((await list(user, query)).error.code).toBe('VALIDATION_FAILED')
  })
})
