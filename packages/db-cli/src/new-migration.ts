import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { migrationsFolder, readSourceChecksums } from '@muster/db/checksums'
import { print } from './print.ts'
import { writeMigrationIndex } from './seal.ts'

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

/** Writes an empty migration with the next number, and adds it to the index. @throws Error unless the name is in snake_case */
export async function writeNewMigration(name: string | undefined): Promise<void> {
  if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) throw new Error('Name it in snake_case: pnpm db new add_task_labels')
  const number = String(Object.keys(readSourceChecksums()).length + 1).padStart(4, '0')
  await writeFile(join(migrationsFolder, `${number}_${name}.ts`), template)
  await writeMigrationIndex()
  print(`migrations/${number}_${name}.ts; when it is done: pnpm db seal`)
}
