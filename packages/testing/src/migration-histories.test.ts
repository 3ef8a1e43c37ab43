import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assertMigrated, type Db, newId } from '@muster/db'
import { migrations } from '@muster/db/migrations'
import { migrateToLatest } from '@muster/db/migrator'
import { isLongForm } from '@muster/devkit'
import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import * as peopleFirst from '../fixtures/migrations/0001_people.first.ts'
import * as identityDraft from '../fixtures/migrations/0006_identity.draft.ts'
import * as identityFirst from '../fixtures/migrations/0006_identity.first.ts'
import * as notificationsDraft from '../fixtures/migrations/0009_notifications.draft.ts'
import { createTestDatabase } from './databases.ts'
import { describeSchema } from './describe-schema.ts'
import { programFile } from './program-file.ts'

type Migrations = Record<string, Migration>

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Runs a command of the database's CLI: of this repository, or of a copy of it. */
async function runCli(url: string, command: string, folder = root): Promise<string> {
  const main = programFile(join(folder, 'packages/db-cli/src/main.ts'))
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...command.split(' ')], {
    env: { ...process.env, DATABASE_URL: url },
  })
  return stdout
}

async function openDatabase(options: { isMigrated?: boolean } = {}) {
  const database = await createTestDatabase({ poolMax: 2, ...options })
  onTestFinished(() => database.drop())
  return database
}

/** Migrates like earlier code: with its own sources, and without recording checksums. */
async function migrateAs(db: Db, history: Migrations, upTo = '0012_search_words') {
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => history } }).migrateTo(upTo)
  if (error) throw error
}

const landed = Object.fromEntries(Object.entries<Migration>(migrations).filter(([name]) => name < '0013'))
const { '0011_audit_places': auditPlaces, ...others } = landed
const untilEight = Object.fromEntries(Object.entries(others).filter(([name]) => name < '0009'))

const histories: Record<string, { sources: Migrations; upTo?: string }> = {
  'sessions had an idle limit': { sources: { ...landed, '0001_people': peopleFirst } },
  'nobody knew who deactivated an account': { sources: { ...landed, '0006_identity': identityFirst } },
  'identity was a draft': { sources: { ...landed, '0006_identity': identityDraft } },
  'notifications were a draft': { sources: { ...landed, '0009_notifications': notificationsDraft } },
  'the places of the audit log came early, under another name': {
    sources: { ...untilEight, '0012_audit_places': auditPlaces as Migration },
    upTo: '0012_audit_places',
  },
  'a migration with a later number came first': {
    sources: { ...landed, '0015_suppressions': migrations['0015_suppressions'] },
    upTo: '0015_suppressions',
  },
  'all of it, and migrated only in part': {
    sources: { '0001_people': peopleFirst, ...untilEight, '0006_identity': identityDraft },
    upTo: '0008_audit_retention',
  },
}

let schemaOfNew: string[]
beforeAll(async () => {
  const fresh = await createTestDatabase({ poolMax: 1 })
  schemaOfNew = await describeSchema(fresh.db)
  await fresh.drop()
})

/** Every history takes seconds. All are tried in the long form, and here the one that has the most in common with the others. */
const tried = Object.entries(histories).slice(isLongForm ? 0 : -1)

test.for(tried)('a database where %s gets the schema of a new one', async ([, history]) => {
  const { db } = await openDatabase({ isMigrated: false })
  await migrateAs(db, history.sources, history.upTo)
  const users = await insertUsers(db)
  await migrateToLatest(db)
  await assertMigrated(db)
  expect(await describeSchema(db)).toEqual(schemaOfNew)
  const kept = await db
    .selectFrom('users')
    .innerJoin('totp_secrets', 'user_id', 'users.id')
    .select('users.id')
    .execute()
  expect(kept).toEqual(users)
  expect(await migrateToLatest(db)).toEqual([])
})

/** Inserts a user with the columns that every history has. */
async function insertUsers(db: Db) {
  const id = newId()
  await sql`insert into users (id, username, name, email, role) values (${id}, 'ada', 'Ada', 'ada@example.test', 'operator')`.execute(
    db,
  )
  const { rows } =
    await sql`select from information_schema.columns where table_name = 'totp_secrets' and column_name = 'id'`.execute(
      db,
    )
  const [column, value] = rows.length > 0 ? [sql`id,`, sql`${newId()},`] : [sql``, sql``]
  await sql`
    insert into totp_secrets (${column} user_id, key_id, sealed, created_at) values (${value} ${id}, 'k1', 'x', now())`.execute(
    db,
  )
  return [{ id }]
}

/** Copies the code of the database and its CLI, so that a test can edit a migration. */
async function copyCode() {
  const folder = await mkdtemp(join(tmpdir(), 'muster-db-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const sources = ['package.json', ...['src', 'migrations', 'package.json'].map((name) => `db/${name}`)]
  for (const path of [...sources, 'packages/db-cli/src', 'packages/db-cli/package.json'])
    await cp(join(root, path), join(folder, path), { recursive: true })
  await symlink(join(root, 'db/node_modules'), join(folder, 'db/node_modules'))
  await linkModules(join(root, 'packages/db-cli/node_modules'), join(folder, 'packages/db-cli/node_modules'))
  await symlink(join(folder, 'db'), join(folder, 'packages/db-cli/node_modules/@muster/db'))
  const edit = (name: string, change: (source: string) => string) => {
    const path = join(folder, 'db/migrations', name)
    writeFileSync(path, change(readFileSync(path, 'utf8')))
  }
  return { folder, edit }
}

/** Links everything that the CLI imports, except for the database, whose copy takes its place. */
async function linkModules(from: string, to: string) {
  const names = readdirSync(from).filter((name) => name !== '@muster')
  const packages = readdirSync(join(from, '@muster')).filter((name) => name !== 'db')
  await mkdir(join(to, '@muster'), { recursive: true })
  for (const name of [...names, ...packages.map((each) => `@muster/${each}`)])
    await symlink(realpathSync(join(from, name)), join(to, name))
}

test('an edited applied migration fails migrate, status and start with its name and the remedy', async () => {
  const [database, code] = [await openDatabase(), await copyCode()]
  code.edit('0006_identity.ts', (source) => source.replace('deactivated_by', 'disabled_by'))
  const start = (await import(join(code.folder, 'db/src/index.ts'))) as { assertMigrated: typeof assertMigrated }
  const outcomes = await Promise.allSettled([
    runCli(database.url, 'migrate', code.folder),
    runCli(database.url, 'status', code.folder),
    start.assertMigrated(database.db),
  ])
  for (const outcome of outcomes) {
    const { stderr, message } = outcome.status === 'rejected' ? outcome.reason : { message: 'not refused' }
    expect(stderr ?? message).toMatch(/0006_identity \(applied .*git checkout <release> -- db\/migrations/s)
  }
})

test('line ends do not change the checksum of a migration', async () => {
  const [database, code] = [await openDatabase(), await copyCode()]
  code.edit('0006_identity.ts', (source) => source.replaceAll('\n', '\r\n'))
  expect(await runCli(database.url, 'migrate', code.folder)).toBe('nothing to do\n')
  expect(await runCli(database.url, 'seal --check', code.folder)).toBe('')
})

test.for([
  ['edited', (code: Code) => code.edit('0006_identity.ts', (source) => `${source}\n`), /0006_identity.*was changed/],
  ['renamed', (code: Code) => rename(code, '0011_audit_places.ts'), /0011_audit_places.*is sealed and gone/],
  ['new and not sealed', (code: Code) => code.edit('checksums.json', dropLast), /is not sealed.*db -- seal/],
] as const)(
  'the check refuses a migration that is %s, and `seal` accepts only new ones',
  async ([kind, change, reason]) => {
    const code = await copyCode()
    await change(code)
    await expect(runCli('postgres://nobody', 'seal --check', code.folder)).rejects.toMatchObject({
      stderr: expect.stringMatching(reason),
    })
    const sealing = runCli('postgres://nobody', 'seal', code.folder)
    await (kind === 'new and not sealed'
      ? expect(sealing).resolves.toContain('sealed')
      : expect(sealing).rejects.toThrow())
  },
)

type Code = Awaited<ReturnType<typeof copyCode>>

async function rename({ folder }: Code, name: string) {
  await cp(join(folder, 'db/migrations', name), join(folder, 'db/migrations/0011_other_name.ts'))
  await rm(join(folder, 'db/migrations', name))
}

function dropLast(list: string): string {
  return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(list)).slice(0, -1)))
}

test('an older release runs on the schema of a newer one and names the unknown migrations', async () => {
  const database = await openDatabase()
  const last = Object.keys(migrations).at(-1) as string
  await sql`update kysely_migration set name = '9999_of_tomorrow' where name = ${last}`.execute(database.db)
  await expect(runCli(database.url, 'migrate')).rejects.toMatchObject({
    stderr: expect.stringMatching(new RegExp(`has 9999_of_tomorrow.*lacks ${last}.*Run the release`)),
  })
  await sql`insert into kysely_migration (name, timestamp) values (${last}, now())`.execute(database.db)
  await assertMigrated(database.db)
  expect(await runCli(database.url, 'migrate')).toMatch(/^nothing to do: .*9999_of_tomorrow/)
  expect(await runCli(database.url, 'status')).toMatch(/^not of this release +9999_of_tomorrow$/m)
  await expect(runCli(database.url, 'rollback')).rejects.toMatchObject({
    stderr: expect.stringMatching(/9999_of_tomorrow.*Nothing was done/),
  })
})

test('applied migrations are recorded, also those from before records existed', async () => {
  const [old, fresh] = [await openDatabase({ isMigrated: false }), await openDatabase()]
  await migrateAs(old.db, landed)
  await runCli(old.url, 'migrate')
  const recorded = (db: Db) =>
    sql<{ name: string; checksum: string }>`select name, checksum from kysely_migration_checksum order by name`.execute(
      db,
    )
  const { rows } = await recorded(fresh.db)
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(migrations))
  expect((await recorded(old.db)).rows).toEqual(rows)
  const source = readFileSync(join(root, 'db/migrations/0001_people.ts'), 'utf8')
  expect(rows[0]?.checksum).toBe(createHash('sha256').update(source).digest('hex'))
})

test('a rolled-back migration may be edited and applied again', async () => {
  const [database, code] = [await openDatabase(), await copyCode()]
  const last = Object.keys(migrations).at(-1)
  await runCli(database.url, 'rollback', code.folder)
  code.edit(`${last}.ts`, (source) => `${source}// edited\n`)
  const said = await runCli(database.url, 'migrate', code.folder)
  // Indexes that are built beside the writes may follow.
  expect(said.split('\n')[0]).toBe(`applied ${last}`)
})
