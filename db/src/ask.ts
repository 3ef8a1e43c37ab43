import { sql } from 'kysely'
import type { Db } from './types.ts'

/** SQLSTATE `read_only_sql_transaction`. */
const readOnlyCode = '25006'

/** Checks Postgres by a write that changes nothing. @throws also when it is a standby, read-only, or refuses writes to the outbox */
export async function askByWrite(db: Db): Promise<void> {
  await sql`delete from outbox where false`.execute(db)
}

/**
 * Checks Postgres by a read. @throws also when the connection leads to a standby or a read-only server, whose data may be stale
 */
export async function askByRead(db: Db): Promise<void> {
  const { rows } = await sql<{ isReadOnly: boolean }>`
    select current_setting('transaction_read_only')::boolean as "isReadOnly"`.execute(db)
  if (rows[0]?.isReadOnly) throw Object.assign(new Error('Postgres is read-only.'), { code: readOnlyCode })
}
