import { type Kysely, sql } from 'kysely'
import type { DatabaseSettings } from './settings.ts'

// biome-ignore lint/suspicious/noExplicitAny: works on any state of the schema
type AnyDb = Kysely<any>

/** Above the limits of all processes behind a pooler, which give up a statement earlier. */
const limit = '30s'
const insufficientPrivilege = '42501'

/**
 * Limits the duration of statements of the role of `url` in this database: behind a pooler in transaction mode no process can, so that a
 * statement that its process gave up would go on for as long as it takes. A limit that someone has set stays.
 * @returns lines that tell what was done, or what a superuser must do
 */
export async function limitStatements(db: AnyDb, { url }: Pick<DatabaseSettings, 'url'>): Promise<string[]> {
  const role = decodeURIComponent(new URL(url).username)
  const { rows } = await sql<{ database: string; isLimited: boolean }>`
    select current_database() as database, exists(
      select from pg_db_role_setting, unnest(setconfig) as setting
      where setting ~ '^statement_timeout=' and setting <> 'statement_timeout=0'
        and (setrole = 0 or setrole = (select oid from pg_roles where rolname = ${role}))
        and (setdatabase = 0 or setdatabase = (select oid from pg_database where datname = current_database()))
    ) as "isLimited"`.execute(db)
  const { database = '', isLimited } = rows[0] ?? {}
  if (isLimited) return []
  const statement = sql`alter role ${sql.id(role)} in database ${sql.id(database)} set statement_timeout = ${sql.lit(limit)}`
  try {
    await statement.execute(db)
    return [`limited statements of ${role} in ${database} to ${limit}; tell a running PgBouncer by RECONNECT`]
  } catch (error) {
    if ((error as { code?: string }).code !== insufficientPrivilege) throw error
    return [`statements of ${role} have no limit behind the pooler; run as a superuser: ${statement.compile(db).sql}`]
  }
}
