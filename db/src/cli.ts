import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { commandEnv, keyRing, parseEnv } from '@muster/config'
import { z } from 'zod'
import packageJson from '../../package.json' with { type: 'json' }
import { createDb } from './client.ts'
import type { Db } from './types.ts'

const { version } = packageJson
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const env = commandEnv(join(root, '..'))
const usage = `pnpm db <command>, with DATABASE_URL set; without it, on the copy that \`npm start\` runs here

  migrate          apply every missing migration
  rollback         undo the newest applied migration
  status           list migrations and when they were applied; fails when one was changed since
  new <name>       begin a migration
  seal [--check]   add new migrations to the committed list of checksums, or fail when a sealed one was changed
  seed             fill an empty database with a team to look at; needs PASSWORD_KEYS, never in production
  --version        tell the release
  types [--check]  write src/types.gen.ts from the migrated database at DATABASE_URL, or fail when it is stale
`

async function main(): Promise<void> {
  const options = { check: { type: 'boolean' }, version: { type: 'boolean' } } as const
  const { positionals, values } = parseArgs({ allowPositionals: true, options })
  if (values.version) {
    print(version)
    return
  }
  const [command, name] = positionals
  switch (command) {
    case 'migrate':
    case 'rollback':
    case 'status':
      return withMigrator(command)
    case 'seed':
      return plantSeeds()
    case 'new':
      return begin(name)
    case 'seal':
      return seal(values.check ?? false)
    case 'types':
      return writeTypes(values.check ?? false)
    default:
      process.stderr.write(usage)
      process.exitCode = 2
  }
}

async function withMigrator(command: 'migrate' | 'rollback' | 'status') {
  const { createMigrator, migrateToLatest, run } = await import('./migrator.ts')
  const db = createDb({
    url: databaseUrl(),
    poolMax: 2,
    applicationName: 'muster-migrate',
    statementTimeoutMs: 600_000,
  })
  try {
    if (command === 'status') return await printStatus(db)
    const lines = await (command === 'migrate' ? migrateToLatest(db) : run(createMigrator(db).migrateDown()))
    print(lines.join('\n') || 'nothing to do')
  } finally {
    await db.destroy()
  }
}

async function printStatus(db: Db) {
  const { createMigrator } = await import('./migrator.ts')
  const { assertUnchanged } = await import('./checksums.ts')
  for (const { name, executedAt } of await createMigrator(db).getMigrations())
    print(`${executedAt?.toISOString() ?? 'missing'.padEnd(24)}  ${name}`)
  await assertUnchanged(db)
}

async function seal(isCheck: boolean) {
  const { checkSeals, sealMigrations } = await import('./seal.ts')
  if (isCheck) return checkSeals()
  const added = await sealMigrations()
  print(added.map((name) => `sealed ${name}`).join('\n') || 'nothing to do')
}

async function plantSeeds() {
  const { NODE_ENV, PASSWORD_KEYS } = parseEnv(
    z.object({ NODE_ENV: z.string().optional(), PASSWORD_KEYS: keyRing() }),
    env,
  )
  if (NODE_ENV === 'production') throw new Error('Seeds are made-up people; production has none.')
  const { seed } = await import('./seed.ts')
  const db = createDb({ url: databaseUrl(), poolMax: 2, applicationName: 'muster-seed' })
  try {
    const { emails, password } = await seed(db, PASSWORD_KEYS)
    print(`${emails.join(', ')} sign in with ${password}`)
  } finally {
    await db.destroy()
  }
}

async function begin(name: string | undefined) {
  if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) throw new Error('Name it in snake_case: pnpm db new add_task_labels')
  const { migrationsFolder, readSourceChecksums } = await import('./checksums.ts')
  const { writeMigrationIndex } = await import('./seal.ts')
  const number = String(Object.keys(readSourceChecksums()).length + 1).padStart(4, '0')
  await writeFile(join(migrationsFolder, `${number}_${name}.ts`), template)
  await writeMigrationIndex()
  print(`migrations/${number}_${name}.ts; when it is done: pnpm db seal`)
}

async function writeTypes(isCheck: boolean) {
  const codegen = join(root, 'node_modules/.bin/kysely-codegen')
  const args = ['--dialect', 'postgres', '--type-mapping', '{"int8":"number"}', '--exclude-pattern', 'kysely_*']
  const out = ['--out-file', join(root, 'src/types.gen.ts'), ...(isCheck ? ['--verify'] : [])]
  await promisify(execFile)(codegen, [...args, ...out], {
    env: { ...env, DATABASE_URL: databaseUrl() },
    cwd: root,
  }).catch((error: Error) => {
    throw isCheck ? new Error('src/types.gen.ts does not match the schema: run `pnpm db types`.') : error
  })
}

function databaseUrl(): string {
  return parseEnv(z.object({ DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }) }), env).DATABASE_URL
}

const print = (text: string) => process.stdout.write(`${text}\n`)

const template = `import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql\`\`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql\`\`.execute(db)
}
`

main().catch((error: Error) => {
  process.stderr.write(`${error.message}${error.cause instanceof Error ? `\n${error.cause.message}` : ''}\n`)
  process.exitCode = 1
})
