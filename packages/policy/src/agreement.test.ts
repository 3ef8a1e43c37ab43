import { createTestDatabase, type TestDatabase } from '@muster/testing'
import fc from 'fast-check'
import { type RawBuilder, sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  activeUserSql,
  applyDefaults,
  channelsFor,
  chatFileVisibleSql,
  chatFileVisibleTo,
  isActiveUser,
  isSwitchedOnSql,
  lacksRequiredFactor,
  lacksRequiredFactorSql,
  messageVisibleSql,
  messageVisibleTo,
  notificationTypes,
  type Principal,
  roles,
  taskVisibleTo,
  taskVisibleToSql,
  taskVisibleToUserSql,
  wantsChannelSql,
} from './index.ts'

/** Each rule exists as a predicate and as SQL; both must return the same result for any rows. */
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

// Few ids, so that owners, assignees and organizations coincide often.
const ids = [1, 2, 3, 4].map((digit) => `00000000-0000-7000-8000-00000000000${digit}`) as [string, ...string[]]
const id = fc.constantFrom(...ids)
const maybeId = fc.option(id)
const principal: fc.Arbitrary<Principal> = fc.record({
  userId: id,
  role: fc.constantFrom(...roles),
  organizationId: maybeId,
})
const task = fc.record({ owner_id: id, assignee_id: maybeId, organization_id: maybeId })
const runs = { numRuns: 300 }

const tasksOf = (row: { owner_id: string; assignee_id: string | null; organization_id: string | null }) =>
  sql`tasks (owner_id, assignee_id, organization_id) as (
    values (${row.owner_id}::uuid, ${row.assignee_id}::uuid, ${row.organization_id}::uuid))`

async function answer(query: RawBuilder<unknown>): Promise<unknown> {
  const { rows } = await query.execute(database.db)
  return (rows[0] as { answer: unknown }).answer
}

test('SQL and predicate agree on the visibility of tasks', async () => {
  let visibleCount = 0
  await fc.assert(
    fc.asyncProperty(principal, task, async (actor, row) => {
      const expected = taskVisibleTo(row, actor)
      visibleCount += Number(expected)
      const ofOne = sql`with ${tasksOf(row)} select ${taskVisibleToSql(actor)} is true as answer from tasks`
      const ofAny = sql`
        with ${tasksOf(row)}, users (id, role, organization_id) as (
          values (${actor.userId}::uuid, ${actor.role}::text, ${actor.organizationId}::uuid)
        ) select ${taskVisibleToUserSql} is true as answer from tasks, users`
      expect(await answer(ofOne)).toBe(expected)
      expect(await answer(ofAny)).toBe(expected)
    }),
    runs,
  )
  // Both results are frequent, so that the comparison is significant.
  expect(visibleCount).toBeGreaterThan(runs.numRuns / 30)
  expect(visibleCount).toBeLessThan(runs.numRuns)
})

test('SQL and predicate agree on who lacks the required second factor', async () => {
  const methods = ['none', 'otp', 'totp']
  for (const own of methods) {
    for (const required of methods) {
      const query = sql`
        with users (two_factor_method) as (values (${own}::text)),
          organizations (two_factor_method) as (values (${required}::text))
        select ${lacksRequiredFactorSql} as answer from users, organizations`
      const expected = lacksRequiredFactor({ own_factor: own, required_factor: required })
      expect([own, required, await answer(query)]).toEqual([own, required, expected])
    }
  }
  expect(lacksRequiredFactor({ own_factor: 'none', required_factor: null })).toBe(false)
})

test('SQL and predicate agree on who is an active user', async () => {
  const date = fc.option(fc.constant(new Date('2026-03-01T12:00:00Z')))
  const user = fc.record({ is_active: fc.boolean(), deletion_requested_at: date, anonymised_at: date })
  await fc.assert(
    fc.asyncProperty(user, async (row) => {
      const query = sql`
        with users (is_active, deletion_requested_at, anonymised_at) as (
          values (${row.is_active}::boolean, ${row.deletion_requested_at}::timestamptz, ${row.anonymised_at}::timestamptz)
        ) select ${activeUserSql} as answer from users`
      expect(await answer(query)).toBe(isActiveUser(row))
    }),
    { numRuns: 50 },
  )
})

test('SQL and predicate agree on the channels of a notification for any stored settings', async () => {
  const value = fc.oneof({ weight: 4, arbitrary: fc.boolean() }, fc.constantFrom(null, 0, 'true', [], {}))
  const chosen = fc.oneof(
    { weight: 4, arbitrary: fc.record({ inApp: value, email: value }, { requiredKeys: [] }) },
    value,
  )
  const settings = fc.option(
    fc.record(
      {
        notifications: fc.oneof(
          { weight: 6, arbitrary: fc.dictionary(fc.constantFrom(...notificationTypes, 'unknown'), chosen) },
          value,
        ),
      },
      { requiredKeys: [] },
    ),
  )
  await fc.assert(
    fc.asyncProperty(settings, async (stored) => {
      const columns = { settings: sql`settings`, type: sql`type` }
      const { rows } = await sql<{ type: (typeof notificationTypes)[number]; inApp: boolean; email: boolean }>`
        select type, ${wantsChannelSql('inApp', columns)} as "inApp", ${wantsChannelSql('email', columns)} as email
        from (values (${stored === null ? null : JSON.stringify(stored)}::jsonb)) as chosen (settings),
          unnest(${notificationTypes}::text[]) as types (type)`.execute(database.db)
      expect(rows).toHaveLength(notificationTypes.length)
      for (const { type, ...channels } of rows) expect(channels).toEqual(channelsFor(stored, type))
    }),
    runs,
  )
})

test('SQL and predicate agree on the messages and files of a chat that a member sees', async () => {
  const number = fc.integer({ min: 1, max: 4 })
  const date = new Date('2026-03-01T12:00:00Z')
  const rows = fc.record({
    member: fc.record({
      user_id: id,
      joined_seq: number,
      joined_change: fc.constant(1),
      left_change: fc.constantFrom(null, null, 5),
    }),
    chat: fc.record({ first_seq: number }),
    message: fc.record({ seq: number, deleted_at: fc.constantFrom(null, null, date) }),
    isSent: fc.boolean(),
    uploader_id: maybeId,
  })
  const seen = { messages: 0, files: 0 }
  await fc.assert(
    fc.asyncProperty(rows, async ({ member, chat, message, isSent, uploader_id }) => {
      const expected = {
        message: messageVisibleTo(message, member, chat),
        file: chatFileVisibleTo({ uploader_id, message: isSent ? message : null }, member, chat),
      }
      seen.messages += Number(expected.message)
      seen.files += Number(expected.file)
      const query = sql`
        with chats (first_seq) as (values (${chat.first_seq}::bigint)),
          messages (id, seq, deleted_at) as (values (1, ${message.seq}::bigint, ${message.deleted_at}::timestamptz)),
          attachments (message_id, uploader_id) as (values (${isSent ? 1 : null}::int, ${uploader_id}::uuid)),
          chat_members (user_id, joined_seq, left_change) as (
            values (${member.user_id}::uuid, ${member.joined_seq}::bigint, ${member.left_change}::bigint)
          )
        select json_build_object(
          'message', (select ${messageVisibleSql} is true from messages),
          'file', (
            select ${chatFileVisibleSql} is true
            from attachments left join messages on messages.id = attachments.message_id
          )
        ) as answer from chats, chat_members`
      expect(await answer(query)).toEqual(expected)
    }),
    runs,
  )
  for (const count of Object.values(seen)) {
    expect(count).toBeGreaterThan(runs.numRuns / 30)
    expect(count).toBeLessThan(runs.numRuns)
  }
})

test('SQL and predicate agree on each switch of the preferences for any stored settings', async () => {
  const names = ['receipts', 'presence', 'mentionsPassMute'] as const
  const value = fc.oneof({ weight: 4, arbitrary: fc.boolean() }, fc.constantFrom(null, 0, 'false', [], {}))
  const settings = fc.oneof(
    { weight: 8, arbitrary: fc.dictionary(fc.constantFrom(...names, 'unknown'), value) },
    fc.constantFrom(null, [], 'false', false),
  )
  await fc.assert(
    fc.asyncProperty(settings, async (stored) => {
      const columns = names.map((name) => sql`${isSwitchedOnSql(name, sql`settings`)} as ${sql.ref(name)}`)
      const { rows } = await sql`
        select ${sql.join(columns)}
        from (values (${stored === null ? null : JSON.stringify(stored)}::jsonb)) as chosen (settings)`.execute(
        database.db,
      )
      expect(rows).toEqual([Object.fromEntries(names.map((name) => [name, applyDefaults(stored)[name]]))])
    }),
    runs,
  )
})
