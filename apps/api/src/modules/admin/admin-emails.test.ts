import { newId } from '@muster/db'
import { insertMail, type Mail, type TemplateName, templates } from '@muster/mail'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { codeOf, mailsTo } from '../sign-in/testing/sign-in-fixtures.ts'
import { base, clientRoles, eventsOf, oneOfEach, tally, unknownId } from './testing/admin-fixtures.ts'

let clock: ManualClock
let api: TestApp
let admin: TestUser

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  admin = await api.signUp({ role: 'site_admin' })
})
afterAll(() => api.close())
beforeEach(() => untilRevocationsAreFresh(api))

const emails = `${base}/emails`
const resend = (id: string, by = admin) => by.inject('POST', `${emails}/${id}/resend`)
const list = async (query: string, by = admin) => (await by.inject('GET', `${emails}?${query}`)).json()
const newAddress = () => `${newId()}@example.test`

/** Inserts a mail that the email worker has processed. */
async function mailed(mail: Partial<Mail<TemplateName>> = {}, row: Record<string, unknown> = {}) {
  const whole = { template: 'welcome', to: newAddress(), data: { name: 'Ada' }, ...mail } as Mail<'welcome'>
  const id = await api.deps.transact((tx) => insertMail(tx, whole))
  const ended = { status: 'failed', attempts: 3, error: '550 no such user', ...row }
  await api.db.updateTable('email_messages').set(ended).where('id', '=', id).execute()
  return { id, to: whole.to }
}

const ordersOf = async (id: string) =>
  (await api.db.selectFrom('outbox').selectAll().execute()).filter(
    ({ payload }) => (payload as { emailId?: string }).emailId === id,
  )

test('platform roles read mails, only administrators resend them, client roles get 403', async () => {
  const users = await oneOfEach(api)
  const ask = async (by: TestUser) => [
    (await by.inject('GET', emails)).statusCode,
    (await resend(unknownId, by)).statusCode,
  ]
  for (const role of ['super_admin', 'site_admin'] as const) expect(await ask(users[role])).toEqual([200, 404])
  expect(await ask(users.operator)).toEqual([200, 403])
  for (const role of clientRoles) expect(await ask(users[role])).toEqual([403, 403])
})

test('the list shows the delivery of mails without their content, and is audited', async () => {
  const to = newAddress()
  const failed = await mailed({ to, data: { name: 'Xanthippe' } })
  const sent = await mailed({ to }, { status: 'sent', error: null, smtp_id: '250 ok', sent_at: clock.now() })
  const answer = await admin.inject('GET', `${emails}?to=${to.toUpperCase()}`)
  expect(answer.json().data.emails).toMatchObject([
    { id: sent.id, to, status: 'sent', smtpId: '250 ok', sentAt: clock.now().toISOString(), canResend: true },
    { id: failed.id, to, status: 'failed', attempts: 3, error: '550 no such user', template: 'welcome' },
  ])
  expect(answer.body).not.toContain('Xanthippe')
  const [event] = (await eventsOf(api, 'admin.emails_listed')).slice(-1)
  expect(event).toMatchObject({
    actor_id: admin.userId,
    after: { filters: { isByAddress: true }, emailIds: [sent.id, failed.id] },
  })
  expect(JSON.stringify(event)).not.toContain(to)
})

test('filtered pages show every mail once', async () => {
  const to = newAddress()
  for (let index = 0; index < 5; index++) await mailed({ to })
  await mailed({ to }, { status: 'sent' })
  const seen: string[] = []
  let cursor = ''
  do {
    const page = await list(`to=${to}&status=failed&limit=2${cursor && `&cursor=${cursor}`}`)
    seen.push(...page.data.emails.map(({ id }: { id: string }) => id))
    cursor = page.pagination.nextCursor
  } while (cursor)
  expect(new Set(seen).size).toBe(5)
  expect(seen).toHaveLength(5)
  expect(seen).toEqual([...seen].sort().reverse())
})

describe('resending a mail', () => {
  test('enqueues a new mail with the same content; the first one keeps its status', async () => {
    const user = await api.signUp()
    const { id, to } = await mailed({ to: user.email, userId: user.userId })
    const answer = await resend(id)
    expect(answer.statusCode).toBe(202)
    const { email } = answer.json().data
    expect(email).toMatchObject({ to, status: 'queued', attempts: 0, error: null, userId: user.userId })
    expect(await mailsTo(api, to)).toMatchObject([
      { id, status: 'failed' },
      { id: email.id, template: 'welcome', data: { name: 'Ada' } },
    ])
    expect(await ordersOf(email.id)).toHaveLength(1)
    expect(await eventsOf(api, 'email.resent', id)).toMatchObject([
      { actor_id: admin.userId, target_type: 'email', before: { status: 'failed' }, after: { resentAs: email.id } },
    ])
  })

  test('by twenty requests at once sends one mail, and again after that one was sent', async () => {
    const { id, to } = await mailed({}, { status: 'sent' })
    expect(tally(await Promise.all(Array.from({ length: 20 }, () => resend(id))))).toEqual({ 202: 1, 409: 19 })
    expect(await mailsTo(api, to)).toHaveLength(2)
    expect(await eventsOf(api, 'email.resent', id)).toHaveLength(1)
    await api.db.updateTable('email_messages').set({ status: 'sent' }).where('to_address', '=', to).execute()
    expect((await resend(id)).statusCode).toBe(202)
  })

  test('is refused for mails with a code or a link for their recipient alone', async () => {
    const secret = Object.entries(templates).filter(([, template]) => 'code' in template || 'token' in template)
    expect(secret.length).toBeGreaterThan(2)
    for (const [template] of secret) {
      const id = newId()
      const row = { id, template, to_address: newAddress(), data: JSON.stringify({ name: 'Ada' }), status: 'failed' }
      await api.db.insertInto('email_messages').values(row).execute()
      expect([template, codeOf(await resend(id))]).toEqual([template, 'CONFLICT'])
      expect(await mailsTo(api, row.to_address)).toHaveLength(1)
      expect((await list(`to=${row.to_address}`)).data.emails).toMatchObject([{ canResend: false }])
    }
  })

  test('is refused for mails that are queued, expired, without content or to a suppressed address', async () => {
    const suppressed = await mailed()
    await api.db.insertInto('email_suppressions').values({ address: suppressed.to, reason: 'no such user' }).execute()
    const refused = [
      await mailed({}, { status: 'queued' }),
      await mailed({}, { status: 'sending' }),
      await mailed({}, { status: 'dropped', expires_at: new Date(clock.now().getTime() - 1) }),
      await mailed({}, { data: '{}' }),
      await mailed({}, { template: 'of-a-later-release' }),
      suppressed,
    ]
    for (const { id, to } of refused) {
      const answer = await resend(id)
      expect([answer.statusCode, codeOf(answer)]).toEqual([409, 'CONFLICT'])
      expect(await mailsTo(api, to)).toHaveLength(1)
      expect(await eventsOf(api, 'email.resent', id)).toEqual([])
    }
  })
})

test('unknown and invalid filters are refused', async () => {
  for (const query of [
    'status=lost',
    'to=me',
    'limit=101',
    'cursor=1',
    'template=welcome',
    'status=sent&status=failed',
  ])
    expect([query, codeOf(await admin.inject('GET', `${emails}?${query}`))]).toEqual([query, 'VALIDATION_FAILED'])
})

test('one mail is shown without its content, and that is audited', async () => {
  const { id, to } = await mailed({ data: { name: 'Xanthippe' } })
  const answer = await admin.inject('GET', `${emails}/${id}`)
  expect(answer.json().data.email).toMatchObject({ id, to, status: 'failed', error: '550 no such user' })
  expect(answer.body).not.toContain('Xanthippe')
  expect(await eventsOf(api, 'admin.email_read', id)).toMatchObject([{ actor_id: admin.userId }])
  expect((await admin.inject('GET', `${emails}/${unknownId}`)).statusCode).toBe(404)
})

describe('suppressions', () => {
  const url = `${emails}/suppressions`
  const suppress = async (row: Record<string, unknown> = {}) => {
    const mail = await mailed()
    const smtp_answer = '550 5.1.1 no such user (RCPT TO)'
    const values = { address: mail.to, reason: 'No such mailbox.', smtp_answer, email_id: mail.id, ...row }
    const { id } = await api.db
      .insertInto('email_suppressions')
      .values(values)
      .returning('id')
      .executeTakeFirstOrThrow()
    return { id, emailId: mail.id, address: values.address }
  }

  test('are listed in pages with their mail and its answer, and found in any case of letters', async () => {
    const [first, second] = [await suppress(), await suppress({ created_at: new Date(Date.now() + 60_000) })]
    const answer = (await admin.inject('GET', `${url}?limit=1`)).json()
    expect(answer.data.suppressions).toMatchObject([
      { id: second.id, emailId: second.emailId, smtpAnswer: expect.stringContaining('5.1.1') },
    ])
    expect(answer.pagination).toMatchObject({ page: 1, limit: 1, totalPages: answer.pagination.total })
    const found = (await admin.inject('GET', `${url}?address=${first.address.toUpperCase()}`)).json()
    expect(found.data.suppressions).toMatchObject([{ id: first.id, address: first.address }])
    const [event] = (await eventsOf(api, 'admin.email_suppressions_listed')).slice(-1)
    expect(event).toMatchObject({ actor_id: admin.userId, after: { suppressionIds: [first.id] } })
    expect(JSON.stringify(event)).not.toContain(first.address)
    const refused = await admin.inject('GET', `${url}?address=me`)
    expect(codeOf(refused)).toBe('VALIDATION_FAILED')
  })

  test('are lifted once, after which the failed mail can be resent', async () => {
    const { id, emailId, address } = await suppress()
    expect((await resend(emailId)).json().message).toContain('Lift the suppression first')
    const lifts = await Promise.all(Array.from({ length: 5 }, () => admin.inject('DELETE', `${url}/${id}`)))
    expect(tally(lifts)).toEqual({ 200: 1, 404: 4 })
    expect(await eventsOf(api, 'email.unsuppressed', id)).toMatchObject([
      { actor_id: admin.userId, target_type: 'email_suppression', before: { emailId } },
    ])
    expect((await resend(emailId)).statusCode).toBe(202)
    expect(await mailsTo(api, address)).toHaveLength(2)
  })

  test('are read by platform roles, lifted only by administrators, hidden from client roles', async () => {
    const users = await oneOfEach(api)
    const ask = async (by: TestUser) => [
      (await by.inject('GET', url)).statusCode,
      (await by.inject('DELETE', `${url}/${unknownId}`)).statusCode,
    ]
    for (const role of ['super_admin', 'site_admin'] as const) expect(await ask(users[role])).toEqual([200, 404])
    expect(await ask(users.operator)).toEqual([200, 403])
    for (const role of clientRoles) expect(await ask(users[role])).toEqual([403, 403])
  })
})
