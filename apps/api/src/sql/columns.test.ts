import { type Database, newId } from '@muster/db'
import { createTestDatabase, type TestDatabase } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { columnsOf } from './columns.ts'

type Organization = { id: string; name: string; isPersonal: boolean; createdAt: string }
type Internal = 'two_factor_method' | 'updated_at'

const columns = columnsOf<'organizations', Organization, Internal>('organizations', {
  id: 'uuid',
  name: 'text',
  isPersonal: 'boolean',
  createdAt: 'timestamptz',
})
const organization = { id: newId(), name: 'Acme', isPersonal: false, createdAt: '2026-11-20T12:00:00.123Z' }

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('an object that is inserted by its columns is read as it was, and changes by single fields', async () => {
  const { db } = database
  await sql`insert into organizations (${columns.list}) select ${columns.values(organization)} where true`.execute(db)
  const all = sql<Parameters<typeof columns.fromRow>[0]>`select ${columns.selection} from organizations`
  expect((await all.execute(db)).rows.map(columns.fromRow)).toEqual([organization])

  const [name, ...others] = columns.assignments({ name: 'Acme & Sons' })
  expect(others).toEqual([])
  await sql`update organizations set ${name}`.execute(db)
  expect((await all.execute(db)).rows.map(columns.fromRow)).toEqual([{ ...organization, name: 'Acme & Sons' }])
})

test('rows that were aggregated to JSON are read like others', async () => {
  const { rows } = await sql<{ list: Organization[] }>`
    select json_agg(o) as list from (select ${columns.selection} from organizations) o`.execute(database.db)
  expect(rows[0]?.list.map(columns.fromRow)).toEqual([{ ...organization, name: 'Acme & Sons' }])
})

test('null stays null', () => {
  const reminders = columnsOf<'reminders', { sentAt: string | null }, Exclude<keyof Database['reminders'], 'sent_at'>>(
    'reminders',
    {
      sentAt: 'timestamptz',
    },
  )
  expect(reminders.fromRow({ sentAt: null })).toEqual({ sentAt: null })
})

// `tsc` refuses what these lines do not expect.
test('a field without its column, of another type, and a forgotten column are compile errors', () => {
  const id = 'uuid' as const
  const name = 'text' as const
  const isPersonal = 'boolean' as const
  const createdAt = 'timestamptz' as const
  // @ts-expect-error a field is missing
  columnsOf<'organizations', Organization, Internal>('organizations', { id, name, isPersonal })
  // @ts-expect-error an instant is no text
  columnsOf<'organizations', Organization, Internal>('organizations', { id, name, isPersonal, createdAt: 'text' })
  // @ts-expect-error `updated_at` is neither a field nor internal
  columnsOf<'organizations', Organization, 'two_factor_method'>('organizations', { id, name, isPersonal, createdAt })
  type Renamed = Omit<Organization, 'name'> & { title: string }
  // @ts-expect-error there is no column `title`
  columnsOf<'organizations', Renamed, Internal | 'name'>('organizations', { id, title: name, isPersonal, createdAt })
  type Numbered = Omit<Organization, 'name'> & { name: number }
  // @ts-expect-error `name` holds no numbers
  columnsOf<'organizations', Numbered, Internal>('organizations', { id, name: 'integer', isPersonal, createdAt })
})
