import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Db } from '@muster/db'
import { applyNext, createMigrator } from '@muster/db/migrator'
import { endsRelease, fillEmpty } from '@muster/db-cli/fill'
import { type RawBuilder, sql } from 'kysely'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from './databases.ts'
import { eventually } from './eventually.ts'
import { type Touched, touchedRows } from './touched-rows.ts'

const rows = 100
const cli = fileURLToPath(new URL('../../db-cli/src/main.ts', import.meta.url))
/** Of 0.5.0. Those before it rewrite tables; nobody runs a release without them. */
const lastOfRelease = '0015_suppressions'

/** One connection, whose statistics the tests read. */
async function openDatabase(from?: string) {
  const database = await createTestDatabase({ poolMax: 1, isMigrated: from === undefined })
  onTestFinished(() => database.drop())
  if (from) await createMigrator(database.db).migrateTo(from)
  return database
}

/** Fills the empty tables. What that read and wrote counts for no later transaction. */
async function fill(db: Db): Promise<void> {
  await fillEmpty(db, rows)
  await sql`select pg_stat_force_next_flush()`.execute(db)
}

/** Applies all migrations after one. @returns the tables of which one read or wrote as many rows as it has, by migration */
async function readWholeTables(from: string, last?: string): Promise<Record<string, Touched[]>> {
  const { db } = await openDatabase(from)
  const found: Record<string, Touched[]> = {}
  const watch = async (trx: Db, name: string) => {
    const whole = (await touchedRows(trx)).filter((touched) => touched.rows >= rows)
    if (whole.length > 0) found[name] = whole
  }
  await fill(db)
  for (let applied: string | undefined; !last || !(last in found); ) {
    applied = (await applyNext(db, watch))?.replace('applied ', '')
    if (!applied) break
    if (endsRelease(applied)) await fill(db)
  }
  return found
}

test('no migration reads or writes a whole table in its transaction', async () => {
  expect(await readWholeTables(lastOfRelease)).toEqual({})
})

test('a migration that rewrites a table, as the one of the first search, is found', async () => {
  const found = await readWholeTables('0011_audit_places', '0012_search_words')
  expect(found['0012_search_words']).toEqual([{ table: 'tasks', rows: expect.any(Number) }])
})

/** Statements for which Postgres reads each row under a lock. */
const readers = {
  index: sql`create index on tasks (priority)`,
  constraint: sql`alter table tasks add check (char_length(title) < 5000)`,
  'foreign key': sql`alter table tasks add foreign key (id) references tasks (id)`,
  'new column with a volatile default': sql`alter table tasks add column at timestamptz default clock_timestamp()`,
  'wider type': sql`alter table tasks alter column version type bigint`,
  'not null': sql`alter table tasks alter column created_at drop not null, alter column title set not null`,
  update: sql`update tasks set version = version + 1`,
}

test('an index, a constraint, a rewrite and an update count as reading the whole table, a new column does not', async () => {
  const { db } = await openDatabase()
  await fill(db)
  await sql`alter table tasks alter column title drop not null`.execute(db)
  const countsAs: Record<string, boolean> = {}
  const tryOut = async (name: string, statement: RawBuilder<unknown>) => {
    const trx = await db.startTransaction().execute()
    await statement.execute(trx)
    countsAs[name] = (await touchedRows(trx)).some((touched) => touched.table === 'tasks' && touched.rows >= rows)
    await trx.rollback().execute()
    await sql`select pg_stat_force_next_flush()`.execute(db)
  }
  for (const [name, statement] of Object.entries(readers)) await tryOut(name, statement)
  expect(countsAs).toEqual(Object.fromEntries(Object.keys(readers).map((name) => [name, true])))
  await tryOut('catalog', sql`alter table tasks add column note text, add check (note <> '') not valid`)
  expect(countsAs.catalog).toBe(false)
})

test('a migration that waits for a lock lets others through, and is applied when the lock is free', async () => {
  const database = await openDatabase('0024_installation')
  const holder = new pg.Client({ connectionString: database.url })
  await holder.connect()
  onTestFinished(() => holder.end())
  await holder.query('begin')
  await holder.query('select from outbox')
  const env = { ...process.env, DATABASE_URL: database.url }
  const migrating = promisify(execFile)(process.execPath, [cli, 'migrate'], { env })
  const isWaiting = async () => {
    const waiting = await sql`
      select from pg_stat_activity where application_name = 'muster-migrate' and wait_event_type = 'Lock' and datname = current_database()`.execute(
      database.db,
    )
    expect(waiting.rows).toHaveLength(1)
  }
  for (let tries = 0; tries < 2; tries++) {
    await eventually(isWaiting, { intervalMs: 5 })
    // Behind the migration, and through while the lock is still held.
    await database.db.selectFrom('outbox').select('id').execute()
  }
  await holder.query('commit')
  expect((await migrating).stdout).toContain('applied 0025_causes')
})
