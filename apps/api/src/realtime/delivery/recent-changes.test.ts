import {
  createTestDatabase,
  insertGroup,
  insertMessage,
  insertUser,
  rowsRead,
  type TestDatabase,
} from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRecentChanges } from './recent-changes.queries.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('a poll reads what changed lately, and nothing of thousands of other chats and messages', async () => {
  const { db } = database
  const ann = await insertUser(db)
  await sql`
    with made as (
      insert into chats (id, kind, name, seq, change, own_change, changed_at)
      select gen_random_uuid(), 'group', 'Old', 3, 5, 2, now() - interval '1 day' from generate_series(1, 3000) returning id
    ), joined as (
      insert into chat_members (chat_id, user_id, role, joined_seq, joined_change, change, changed_at)
      select id, ${ann.id}::uuid, 'admin', 0, 1, 1, now() - interval '1 day' from made
    )
    insert into messages (id, chat_id, seq, change, sender_id, client_id, content_mac, body, changed_at)
    select gen_random_uuid(), id, n, n + 2, ${ann.id}, gen_random_uuid(), '', 'Old', now() - interval '1 day'
    from made, generate_series(1, 3) n`.execute(db)
  await sql`analyze`.execute(db)
  const chat = await insertGroup(db, [ann])
  await insertMessage(db, chat, ann)
  const [old] = await db.selectFrom('messages').select('id').where('body', '=', 'Old').limit(1).execute()
  await db
    .updateTable('messages')
    .set({ change: 6 })
    .where('id', '=', old?.id ?? '')
    .execute()
  const read = () => readRecentChanges(db, undefined, [])
  const found = await read()
  expect(found.changes).toHaveLength(4)
  for (const table of ['messages', 'chats', 'chat_members']) {
    const { inSequence, byIndex } = await rowsRead(db, table, async () => {
      for (let poll = 0; poll < 10; poll++) await read()
    })
    expect([table, inSequence, byIndex <= 100]).toEqual([table, 0, true])
  }
})
