import { createDb, type Db } from '@muster/db'
import { assertUnchanged } from '@muster/db/checksums'
import { createMigrator, listUnknown, migrateToLatest, rollBack } from '@muster/db/migrator'
import { limitStatements } from '@muster/db/statement-limit'
import { explainDatabaseError } from '@muster/remedies'
import { readDatabase, readPooled } from './environment.ts'
import { print } from './print.ts'

/** A migration that rewrites a large table takes minutes. */
const statementTimeoutMs = 600_000

/** Applies the missing migrations, undoes the newest one or lists them all, and prints a line for each. */
export async function runMigrator(command: 'migrate' | 'rollback' | 'status'): Promise<void> {
  const database = readDatabase()
  const db = createDb({ ...database, poolMax: 2, applicationName: 'muster-migrate', statementTimeoutMs })
  try {
    if (command === 'status') return await printStatus(db)
    const lines = await (command === 'migrate' ? migrateAll(db) : rollBack(db))
    print(lines.join('\n') || 'nothing to do')
  } catch (error) {
    throw explainDatabaseError(error, database, process.env)
  } finally {
    await db.destroy()
  }
}

async function migrateAll(db: Db): Promise<string[]> {
  const pooled = readPooled()
  const lines = await migrateToLatest(db)
  return pooled.pooler === 'transaction' ? [...lines, ...(await limitStatements(db, pooled))] : lines
}

/** @throws Error when an applied migration was changed since */
async function printStatus(db: Db): Promise<void> {
  for (const { name, executedAt } of await createMigrator(db).getMigrations())
    print(`${executedAt?.toISOString() ?? 'missing'.padEnd(24)}  ${name}`)
  for (const name of await listUnknown(db)) print(`${'not of this release'.padEnd(24)}  ${name}`)
  await assertUnchanged(db)
}
