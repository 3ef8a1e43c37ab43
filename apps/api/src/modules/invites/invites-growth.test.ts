import { rowsRead } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { accept, details, invited, list, newAccount, newEmail, resend, revoke } from './testing/invites-fixtures.ts'

/** With this many invitations, a query that reads all rows differs clearly from one that uses an index. */
const manyInvites = 100_000
const invitesPerStatement = 10_000
/** The number of invitations of each rare status. */
const few = 3
/** The limit of the exact total. */
const countedUpTo = 10_001

let api: TestApp
let busy: TestUser
let administrator: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  ;[busy, administrator] = [await api.signUp(), await api.signUp({ role: 'site_admin' })]
  for (let from = 1; from <= manyInvites; from += invitesPerStatement) {
    await sql`
      insert into invites (id, email, role, organization_id, inviter_id, email_id, status, expires_at, accepted_at,
        created_at, updated_at)
      select gen_random_uuid(), 'n' || n || '@example.test', 'client_user', ${busy.organizationId}::uuid,
        ${busy.userId}::uuid, gen_random_uuid(), status, now() + interval '1 day',
        case when status = 'accepted' then now() end, now(), now()
      from generate_series(${from}::int, ${from + invitesPerStatement - 1}::int) n,
        lateral (select case when n <= ${few} then 'accepted' when n <= ${2 * few} then 'pending'
          when n <= ${3 * few} then 'revoked' else 'expired' end as status) as of`.execute(api.db)
  }
  await sql`vacuum analyze invites`.execute(api.db)
}, 120_000)
afterAll(() => api.close())

const readFor = (work: () => Promise<unknown>) => rowsRead(api.deps.db, 'invites', work)

test.each([
  ['', 2 * countedUpTo],
  ['?page=50', 2 * countedUpTo],
  ['?status=expired', 2 * countedUpTo],
  ['?status=pending', 100],
  ['?status=accepted', 100],
  ['?status=revoked&page=2', 100],
])('the list %s reads no more rows than it returns and counts', async (query, most) => {
  for (const user of [busy, administrator]) {
    const { inSequence, byIndex } = await readFor(async () => {
      expect((await list(user, query)).success).toBe(true)
    })
    expect(inSequence).toBe(0)
    expect(byIndex).toBeGreaterThan(0)
    expect(byIndex).toBeLessThan(most)
  }
})

test('the total is exact up to 10,000, and 10,001 beyond', async () => {
  expect((await list(busy)).pagination.total).toBe(countedUpTo)
  expect((await list(administrator, '?status=accepted')).pagination.total).toBe(few)
})

test('an operation on one invitation reads no other rows', async () => {
  const { inSequence, byIndex } = await readFor(async () => {
    const first = await invited(api, busy, 'client_user', newEmail())
    await resend(busy, first.id)
    await revoke(busy, first.id)
    const { token } = await invited(api, busy, 'client_user', first.email)
    await details(api.connect(), token)
    expect((await accept(api.connect(), newAccount(token))).statusCode).toBe(201)
  })
  expect([inSequence, byIndex < 100]).toEqual([0, true])
})
