import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/** SQLSTATE: the role may not create it; Postgres was installed without it. */
const refused = '42501'
const notInstalled = ['0A000', '58P01']

/**
 * Creates the extension by whose indexes users, organizations and invitations are found by a part of a name or an address. It is trusted,
 * so that a role which may create objects in the database may create it. The indexes are built beside the writes.
 */
export async function up(db: AnyDb): Promise<void> {
  const { rows } = await sql`select from pg_extension where extname = 'pg_trgm'`.execute(db)
  if (rows.length > 0) return
  try {
    await sql`create extension pg_trgm`.execute(db)
  } catch (error) {
    throw explained(error)
  }
}

function explained(error: unknown): unknown {
  const code = String((error as { code?: unknown }).code)
  if (code === refused)
    return new Error(
      'This role may not create the extension pg_trgm. Let the owner of the database or a superuser run `grant create on database … to …` ' +
        'for it, or `create extension pg_trgm` in this database, and migrate again.',
      { cause: error },
    )
  if (notInstalled.includes(code))
    return new Error(
      'Postgres has no extension pg_trgm. Install its contrib modules (a package such as postgresql-contrib), or allow the extension where ' +
        'the provider of the database keeps a list, and migrate again.',
      { cause: error },
    )
  return error
}

/** Leaves the extension, which others may use or may have created. */
export async function down(db: AnyDb): Promise<void> {
  await sql`drop index if exists users_search, organizations_search, invites_search`.execute(db)
}
