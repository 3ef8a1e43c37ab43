import { sql } from 'kysely'
import type { Db } from './types.ts'

/** SQLSTATE `read_only_sql_transaction`. */
const readOnlyCode = '25006'

/** Asks Postgres by a write that changes nothing. @throws also when it is a standby, read-only, or lets us write no jobs */
export async function askByWrite(db: Db): Promise<void> {
  await sql`delete from outbox where false`.execute(db)
}

/**
 * Asks Postgres by a read. @throws also when this connection leads to a standby or to a server that is read-only: what it
 * reads may be of long ago
 */
export async function askByRead(db: Db): Promise<void> {
  const { rows } = await sql<{ isReadOnly: boolean }>`
    select current_setting('transaction_read_only')::boolean as "isReadOnly"`.execute(db)
  if (rows[0]?.isReadOnly) throw Object.assign(new Error('Postgres is read-only.'), { code: readOnlyCode })
}
