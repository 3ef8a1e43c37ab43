import { newId } from '@muster/db'
import { insertMail, type Mail, type TemplateName, templates } from '@muster/mail'
import { type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { codeOf, mailsTo } from '../sign-in/testing/sign-in-fixtures.ts'
import { resultsStatement } from './email-results.queries.ts'
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
const resend = (id: string, by = admin, body?: object) => by.inject('POST', `${emails}/${id}/resend`, body)
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
    const answer = await resend(id, admin, { note: 'The relay was repaired.' })
    expect(answer.statusCode).toBe(202)
    const { email } = answer.json().data
    expect(email).toMatchObject({ to, status: 'queued', attempts: 0, error: null, userId: user.userId })
    expect(await mailsTo(api, to)).toMatchObject([
      { id, status: 'failed' },
      { id: email.id, template: 'welcome', data: { name: 'Ada' } },
    ])
    expect(await ordersOf(email.id)).toHaveLength(1)
    expect(await eventsOf(api, 'email.resent', id)).toMatchObject([
      {
        actor_id: admin.userId,
        target_type: 'email',
        before: { status: 'failed' },
        after: { resentAs: email.id, note: 'The relay was repaired.' },
      },
    ])
    const read = async (mailId: string) => (await admin.inject('GET', `${emails}/${mailId}`)).json().data.email
    expect(await read(id)).toMatchObject({ resentFrom: null, resentAs: [{ id: email.id, status: 'queued' }] })
    expect(await read(email.id)).toMatchObject({ resentFrom: id, resentAs: [] })
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
  for (const query of ['status=lost', 'to=me', 'limit=101', 'cursor=1', 'kind=welcome', 'status=sent&status=failed'])
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
    const note = 'The mailbox exists again.'
    const lifts = await Promise.all(Array.from({ length: 5 }, () => admin.inject('DELETE', `${url}/${id}`, { note })))
    expect(tally(lifts)).toEqual({ 200: 1, 404: 4 })
    expect(await eventsOf(api, 'email.unsuppressed', id)).toMatchObject([
      { actor_id: admin.userId, target_type: 'email_suppression', before: { emailId }, after: { note } },
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

describe('attempts', () => {
  const at = (iso: string) => new Date(iso)

  /** Records an attempt to send a mail, as the email worker does. */
  async function attempted(emailId: string, attempt: number, row: Record<string, unknown> = {}) {
    const ended_at = (row.ended_at as Date | undefined) ?? clock.now()
    await api.db
      .insertInto('email_attempts')
      .values({ email_id: emailId, attempt, outcome: 'retried', started_at: ended_at, ended_at, ...row })
      .execute()
  }

  test('of a mail have the answers of the server, also those of which nothing was recorded', async () => {
    const user = await api.signUp()
    const { id, to } = await mailed({ to: user.email, userId: user.userId }, { status: 'sending', attempts: 4 })
    const answer = '451 4.7.1 try again later (RCPT TO)'
    await attempted(id, 1, { verdict: 'busy', smtp_answer: answer, next_attempt_at: clock.now() })
    await attempted(id, 3, { outcome: 'interrupted', reason: 'released before it was sent' })
    await api.db.insertInto('email_suppressions').values({ address: to, reason: 'No mailbox.', email_id: id }).execute()
    const { email } = (await admin.inject('GET', `${emails}/${id}`)).json().data
    expect(email).toMatchObject({
      id,
      user: { id: user.userId, name: user.email.split('@')[0] },
      suppression: { address: to, emailId: id },
      attemptLog: [
        {
          number: 1,
          outcome: 'retried',
          verdict: 'busy',
          smtpAnswer: answer,
          nextAttemptAt: clock.now().toISOString(),
        },
        { number: 2, outcome: 'unknown', endedAt: null },
        { number: 3, outcome: 'interrupted', smtpAnswer: null, reason: 'released before it was sent' },
        { number: 4, outcome: 'running', startedAt: null },
      ],
    })
    const plain = await mailed({}, { status: 'queued', attempts: 0, error: null })
    expect((await admin.inject('GET', `${emails}/${plain.id}`)).json().data.email).toMatchObject({
      user: null,
      suppression: null,
      attemptLog: [],
    })
  })

  test('are counted by result; days are those of the caller’s zone, also when its clock changes', async () => {
    const berlin = await api.signUp({ role: 'operator' })
    await berlin.inject('PATCH', '/api/v1/users/me', { timezone: 'Europe/Berlin' })
    const { id } = await mailed()
    // On 2025-03-30 clocks in Berlin go from 02:00 to 03:00: the day begins at 23:00Z and ends at 22:00Z.
    const moments = ['2025-03-29T22:59:59Z', '2025-03-29T23:00:00Z', '2025-03-30T21:59:59Z', '2025-03-30T22:00:00Z']
    for (const [index, moment] of moments.entries())
      await attempted(id, index + 1, { outcome: index === 1 ? 'failed' : 'sent', ended_at: at(moment) })
    const count = async (query: string, by = berlin) => (await by.inject('GET', `${emails}/results?${query}`)).json()
    const none = { sent: 0, retried: 0, failed: 0, dropped: 0, interrupted: 0 }
    const days = await count('from=2025-03-28T23:00:00Z&to=2025-03-31T22:00:00Z&step=day')
    expect(days.data.results).toEqual([
      { at: '2025-03-28T23:00:00.000Z', ...none, sent: 1 },
      { at: '2025-03-29T23:00:00.000Z', ...none, sent: 1, failed: 1 },
      { at: '2025-03-30T22:00:00.000Z', ...none, sent: 1 },
    ])
    const hours = await count('from=2025-03-29T22:30:00Z&to=2025-03-30T00:00:00Z')
    expect(hours.data.results).toEqual([
      { at: '2025-03-29T22:30:00.000Z', ...none, sent: 1 },
      { at: '2025-03-29T23:00:00.000Z', ...none, failed: 1 },
    ])
    expect((await count('from=2025-03-29T00:00:00Z&to=2025-03-29T00:00:00Z')).data.results).toEqual([])
    for (const query of [
      'from=2025-03-29T00:00:00Z&to=2025-03-28T00:00:00Z',
      'from=2025-01-01T00:00:00Z&to=2025-03-28T00:00:00Z&step=minute',
      'from=2025-03-29',
    ])
      expect([query, (await count(query)).error.code]).toEqual([query, 'VALIDATION_FAILED'])
  })

  test('are counted by an index, also among many', async () => {
    const { id } = await mailed()
    await sql`
      insert into email_attempts (email_id, attempt, outcome, started_at, ended_at)
      select ${id}, 100 + n, 'sent', now(), '2024-01-01'::timestamptz + n * interval '1 minute' from generate_series(1, 5000) n
    `.execute(api.db)
    await sql`analyze email_attempts`.execute(api.db)
    const { rows } = await sql<{ 'QUERY PLAN': string }>`
      explain ${resultsStatement([at('2024-01-01T00:00:00Z'), at('2024-01-01T01:00:00Z')])}`.execute(api.db)
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('email_attempts_ended_at')
  })
})

test('mails are found by their kind and the time at which they were written', async () => {
  const to = newAddress()
  const old = await mailed({ to }, { created_at: new Date('2020-05-01T12:00:00Z') })
  const recent = await mailed({ to })
  const found = async (query: string) =>
    (await list(`to=${to}&${query}`)).data.emails.map(({ id }: { id: string }) => id)
  expect(await found('template=welcome')).toEqual([recent.id, old.id])
  expect(await found('template=invite')).toEqual([])
  expect(await found('since=2020-05-01T12:00:00Z&before=2020-05-01T12:00:01Z')).toEqual([old.id])
  expect(await found('before=2020-05-01T12:00:00Z')).toEqual([])
  expect(await found('since=2020-05-01T12:00:01Z')).toEqual([recent.id])
})
