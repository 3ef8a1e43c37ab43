import { parseArgs } from 'node:util'
import packageJson from '../../../package.json' with { type: 'json' }
import { print } from './print.ts'

const usage = `pnpm db <command>, with DATABASE_URL set; without it, on the copy that \`npm start\` runs here

  migrate          apply every missing migration
  rollback         undo the newest applied migration
  status           list migrations and when they were applied; fails when one was changed since
  new <name>       begin a migration
  seal [--check]   add new migrations to the committed list of checksums, or fail when a sealed one was changed
  seed             fill an empty database with a team to look at; needs PASSWORD_KEYS, never in production
  measure [--rows N] [--from NAME]
                   fill a database of its own with N rows a table (1000000), apply the migrations after NAME (0015_suppressions), and
                   print how long each makes others wait; fails when that is more than 2 s. Needs the right to create databases
  --version        print the release
  types [--check]  write db/src/types.gen.ts from the migrated database at DATABASE_URL, or fail when it is stale
`

/** Runs the command of the arguments. Each command's code is loaded when it runs: migrating needs no password hashing. */
async function main(): Promise<void> {
  const options = {
    check: { type: 'boolean' },
    version: { type: 'boolean' },
    rows: { type: 'string' },
    from: { type: 'string' },
  } as const
  const { positionals, values } = parseArgs({ allowPositionals: true, options })
  if (values.version) return print(packageJson.version)
  const [command, name] = positionals
  switch (command) {
    case 'migrate':
    case 'rollback':
    case 'status':
      return (await import('./migrate.ts')).runMigrator(command)
    case 'new':
      return (await import('./new-migration.ts')).writeNewMigration(name)
    case 'seal':
      return (await import('./seal.ts')).seal(values.check ?? false)
    case 'seed':
      return (await import('./seed.ts')).seedDatabase()
    case 'measure':
      return (await import('./measure/measure.ts')).measureMigrations(values)
    case 'types':
      return (await import('./generate-types.ts')).writeTypes(values.check ?? false)
    default:
      process.stderr.write(usage)
      process.exitCode = 2
  }
}

main().catch((error: Error) => {
  // The explanation of a service says what its error does.
  const cause = error.name === 'ServiceFailure' ? undefined : error.cause
  process.stderr.write(`${error.message}${cause instanceof Error ? `\n${cause.message}` : ''}\n`)
  process.exitCode = 1
})
