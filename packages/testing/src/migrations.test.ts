import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { newId } from '@muster/db'
import { migrations } from '@muster/db/migrations'
import { rollBack } from '@muster/db/migrator'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { asSuperuser, createTestDatabase, type TestDatabase } from './databases.ts'
import { describeSchema } from './describe-schema.ts'
import { programFile } from './program-file.ts'

const cli = fileURLToPath(new URL('../../../packages/db-cli/src/main.ts', import.meta.url))
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const run = async (command: string, env: NodeJS.ProcessEnv = {}, main = programFile(cli)) => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...command.split(' ')], {
    env: { ...process.env, DATABASE_URL: database.url, ...env },
  })
  return stdout
}

test('the types in the code are those of the migrated schema', async () => {
  await run('types --check', {}, cli)
})

test('rolling everything back leaves nothing, and migrating again gives the same schema', {
  timeout: 180_000,
}, async () => {
  const before = await describeSchema(database.db)
  expect(await run('rollback')).toContain(Object.keys(migrations).at(-1))
  while ((await rollBack(database.db)).length > 0);
  expect(await run('rollback')).toBe('nothing to do\n')
  expect(await describeSchema(database.db)).toEqual([])
  await run('migrate')
  expect(await describeSchema(database.db)).toEqual(before)
})

test('a role that may not create the extension is told what to grant, and migrates when somebody has created it, in any schema', {
  timeout: 60_000,
}, async () => {
  const { db, url, drop } = await createTestDatabase({ poolMax: 1, isMigrated: false })
  const role = `narrow_${newId().replaceAll('-', '')}`
  await sql`create role ${sql.id(role)} login password 'narrow'`.execute(db)
  onTestFinished(async () => {
    await drop()
    await asSuperuser(`drop role ${role}`)
  })
  await sql`grant all on schema public to ${sql.id(role)}`.execute(db)
  const narrow = new URL(url)
  ;[narrow.username, narrow.password] = [role, 'narrow']
  const migrating = () => run('migrate', { DATABASE_URL: narrow.href })
  await expect(migrating()).rejects.toMatchObject({ stderr: expect.stringContaining('`create extension pg_trgm`') })

  await sql`create schema tools`.execute(db)
  await sql`create extension pg_trgm schema tools`.execute(db)
  await sql`grant usage on schema tools to ${sql.id(role)}`.execute(db)
  expect(await migrating()).toContain('built index users_search')
})

test('addresses that were suppressed for a refusal of the relay get mail again', async () => {
  const { db } = database
  const hasAnswers = async () => (await describeSchema(db)).some((line) => line.startsWith('email_suppressions.smtp_'))
  while (await hasAnswers()) await rollBack(db)
  const reasons = {
    gone: '550 5.1.1 <gone@example.com>: Recipient address rejected: User unknown (RCPT TO)',
    nobody: '550 no such user here (RCPT TO)',
    relayed: '550 relay not permitted (RCPT TO)',
    denied: '554 5.7.1 <denied@example.com>: Relay access denied (RCPT TO)',
    sender: '550 5.1.1 Sender verify failed: no such user (RCPT TO)',
    vague: '554 no (RCPT TO)',
  }
  for (const [name, reason] of Object.entries(reasons))
    await sql`insert into email_suppressions (address, reason) values (${`${name}@example.com`}, ${reason})`.execute(db)
  await run('migrate')
  const kept = await db.selectFrom('email_suppressions').select(['address', 'id']).orderBy('address').execute()
  expect(kept.map(({ address }) => address)).toEqual(['gone@example.com', 'nobody@example.com'])
  expect(kept.every(({ id }) => id)).toBe(true)
})

test('seeds are inserted once, only without users, and never in production', async () => {
  const PASSWORD_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`
  await expect(run('seed', { PASSWORD_KEYS, NODE_ENV: 'production' })).rejects.toMatchObject({ code: 1 })
  expect(await run('seed', { PASSWORD_KEYS })).toContain('sign in with')
  expect(await database.db.selectFrom('users').select('id').execute()).toHaveLength(3)
  await expect(run('seed', { PASSWORD_KEYS })).rejects.toMatchObject({
    stderr: expect.stringContaining('already has users'),
  })
})

test('seeds refuse a password key that differs from the API’s', async () => {
  const other = { ring: 'PASSWORD_KEYS', key_id: 'k1', check_value: Buffer.alloc(32) }
  const empty = await createTestDatabase({ poolMax: 1 })
  await empty.db.insertInto('key_checks').values(other).execute()
  const PASSWORD_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`
  const seeding = run('seed', { PASSWORD_KEYS, DATABASE_URL: empty.url })
  await expect(seeding).rejects.toMatchObject({ stderr: expect.stringContaining('PASSWORD_KEYS: the key "k1"') })
  await empty.drop()
})

test('a refused command prints its usage and fails', async () => {
  await expect(run('destroy')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('pnpm db <command>') })
})
