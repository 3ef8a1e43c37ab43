import { existsSync, readFileSync } from 'node:fs'
import { createTestDatabase } from '@muster/testing'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { analyse, crosses } from './analyse.ts'
import { crossings } from './crossings.ts'
import { page, withTables } from './docs.ts'
import { type Constraint, constraintsSql } from './refusals.ts'
import { tables } from './schema.ts'
import { placements } from './tables.ts'
import { violationOf } from './violation.ts'

const routed: [what: string, statement: string][] = [
  ['a value for the column', 'select * from messages where chat_id = $1 and seq > $2'],
  ['a list of values', 'select * from chats where id = any($1::uuid[])'],
  ['a join by the columns', 'select * from chats join messages on messages.chat_id = chats.id where chats.id = $1'],
  ['a join with using', 'select * from chat_members join messages using (chat_id) where chat_members.chat_id = $1'],
  [
    'a correlated subquery',
    'select (select count(*) from messages m where m.chat_id = chats.id) from chats where id = $1',
  ],
  [
    'exists under or',
    'select from chats where id = $1 and (kind = $2 or exists (select from messages where chat_id = chats.id))',
  ],
  ['an insert of values', 'insert into messages (id, chat_id, seq) values ($1, $2, $3) on conflict do nothing'],
  ['an insert that selects', 'insert into messages (id, chat_id) select $1, id from chats where id = $2'],
  [
    'a CTE that writes',
    'with a as (update chats set seq = $1 where id = $2 returning id) insert into messages (chat_id) select id from a',
  ],
  [
    'rows of JSON',
    'select from jsonb_to_recordset($1) as w (chat_id uuid) join messages on messages.chat_id = w.chat_id',
  ],
  ['an update from', 'update messages set body = null from chats where chats.id = messages.chat_id and chats.id = $1'],
  [
    'a reference table beside it',
    'select from messages join users on users.id = messages.sender_id where chat_id = $1',
  ],
  ['no distributed table', 'select from outbox join users on true'],
]

test.each(routed)('a statement with %s names its shard', (_, statement) => {
  expect(crosses(analyse(statement))).toBe(false)
})

const crossing: [what: string, statement: string, unbound: string[]][] = [
  ['another column', 'select * from messages where id = $1', ['messages']],
  ['the column under or', 'select * from messages where chat_id = $1 or sender_id = $2', ['messages']],
  ['an inequality', 'select * from messages where chat_id > $1', ['messages']],
  ['a join by another column', 'select from chats join messages on messages.id = $2 where chats.id = $1', ['messages']],
  [
    'one of two bound',
    'with a as (update chats set seq = 1 where id = $1) update messages set seq = 1 where id = $2',
    ['messages'],
  ],
  ['a subquery that is unbound', 'select from users where id in (select sender_id from messages)', ['messages']],
  ['two groups', 'select from tasks, sessions where tasks.organization_id = $1 and sessions.id = $2', []],
  ['an update without it', 'update tasks set title = $1 where id = $2', ['tasks']],
  ['a delete without it', 'delete from tasks where owner_id = $1', ['tasks']],
]

test.each(crossing)('a statement with %s crosses shards', (_, statement, unbound) => {
  expect(analyse(statement)).toMatchObject({ unbound })
  expect(crosses(analyse(statement))).toBe(true)
})

const stackOf = (...paths: string[]) => ['Error', ...paths.map((path) => `    at f (/x/muster/${path}:1:2)`)].join('\n')
const unlisted = 'select * from messages where id = $1'

test('a statement that crosses shards is reported with its file, unless it is listed or of a test', () => {
  const report = (text: string, ...paths: string[]) => violationOf(text, () => stackOf(...paths))
  const service = 'apps/api/src/modules/tasks/task-view.ts'
  expect(report(unlisted, 'db/src/client.ts', service, 'apps/api/src/tasks.test.ts')).toMatch(
    /^apps\/api\/src\/modules\/tasks\/task-view\.ts has a statement about messages .* as 'messages':\nselect/s,
  )
  expect(report('select * from messages where chat_id = $1', service)).toBeUndefined()
  expect(report('begin', service)).toBeUndefined()
  expect(report(unlisted, 'packages/testing/src/builders.ts', service)).toBeUndefined()
  expect(report('select * from tasks where id = $1', 'apps/api/src/modules/tasks/tasks.queries.ts')).toBeUndefined()
  expect(report(unlisted, 'apps/api/src/modules/tasks/tasks.queries.ts')).toContain('messages')
})

test('every table has a place, and every place a table with its column', () => {
  expect(Object.keys(placements).sort()).toEqual([...tables].sort())
})

test('every file of the list of crossings exists', () => {
  for (const file of crossings.flatMap(({ statements }) => Object.keys(statements)))
    expect({ file, exists: existsSync(new URL(`../../../${file}`, import.meta.url)) }).toEqual({ file, exists: true })
})

test('docs/scale.md has the places, the refused constraints and the crossing statements of today', async () => {
  const { db, drop } = await createTestDatabase()
  try {
    const { rows } = await sql.raw<Constraint>(constraintsSql).execute(db)
    const text = readFileSync(page, 'utf8')
    expect(text, 'write it: DATABASE_URL=postgres://… npm run shards').toBe(withTables(text, rows))
  } finally {
    await drop()
  }
})
