import { type Kysely, sql } from 'kysely'

/**
 * Indexes of large tables that came after the first release, by name. A migration would keep its table locked against writes while it
 * builds one; these are built after the migrations, beside the writes of running processes. A query that misses one is slow, not wrong.
 */
const largeIndexes: Readonly<Record<string, string>> = {
  tasks_owner_updated: 'tasks (owner_id, updated_at)',
  tasks_organization_updated: 'tasks (organization_id, updated_at)',
  tasks_organization_category: 'tasks (organization_id, category)',
  reminders_user_created: 'reminders (user_id, created_at, id)',
  attachments_chat_id: 'attachments (chat_id) where chat_id is not null',
  attachments_message_id: 'attachments (message_id, position) where message_id is not null',
  attachments_unsent: 'attachments (created_at) where chat_id is not null and message_id is null',
  email_messages_notification_id: 'email_messages (notification_id) where notification_id is not null',
  email_messages_request_id: 'email_messages (request_id) where request_id is not null',
  email_messages_resent_from: 'email_messages (resent_from) where resent_from is not null',
  // Small, and free of cost for new rows, whose ids ascend with their place. Earlier ids, of version 4 or of callers, are left out.
  audit_personal_request_id: `audit_personal using brin (request_id collate "C") with (autosummarize = on) where substring(request_id, 15, 1) = '7'`,
  invites_open_organization: `invites (organization_id) where status = 'pending' and organization_id is not null`,
  notifications_request_id: 'notifications (request_id) where request_id is not null',
  outbox_failed_request: 'outbox (request_id) where failed_at is not null and request_id is not null',
  outbox_failed_queue: 'outbox (queue, id) where failed_at is not null',
  outbox_failed_queue_reason: 'outbox (queue, failure_reason(error), id) where failed_at is not null',
  users_search: 'users using gin (username gin_trgm_ops, email gin_trgm_ops, search_fold(name) gin_trgm_ops)',
  organizations_search: 'organizations using gin (search_fold(name) gin_trgm_ops)',
  invites_search: 'invites using gin (email gin_trgm_ops)',
  outbox_failed_reason: 'outbox (queue, name, failure_reason(error), id) where failed_at is not null',
}

// biome-ignore lint/suspicious/noExplicitAny: works on any state of the schema
type AnyDb = Kysely<any>

const lockKey = 7_240_118

/**
 * Builds the large indexes that are missing, or that an interrupted run left invalid. Of several processes one builds.
 * @returns a line for each
 */
export async function buildLargeIndexes(db: AnyDb): Promise<string[]> {
  return db.connection().execute(async (connection) => {
    // Does not wait: the build would wait for the transaction of a process that waits for this lock.
    const { rows } = await sql<{ isMine: boolean }>`select pg_try_advisory_lock(${lockKey}) as "isMine"`.execute(
      connection,
    )
    if (!rows[0]?.isMine) return ['another process builds the missing indexes']
    try {
      return await buildMissing(connection)
    } finally {
      await sql`select pg_advisory_unlock(${lockKey})`.execute(connection)
    }
  })
}

async function buildMissing(db: AnyDb): Promise<string[]> {
  const { rows } = await sql<{ name: string; isValid: boolean }>`
    select relname as name, indisvalid as "isValid" from pg_index join pg_class on pg_class.oid = indexrelid
    where relnamespace = current_schema()::regnamespace`.execute(db)
  const states = new Map(rows.map(({ name, isValid }) => [name, isValid]))
  const missing = Object.entries(largeIndexes).filter(([name]) => !states.get(name))
  const qualify = await trigramsOf(db)
  for (const [name, on] of missing) {
    if (states.has(name)) await sql`drop index concurrently ${sql.id(name)}`.execute(db)
    await sql`create index concurrently ${sql.id(name)} on ${sql.raw(qualify(on))}`.execute(db)
  }
  await analyzeFolded(db, missing)
  return missing.map(([name]) => `built index ${name}`)
}

/** Returns a function that names the schema of the extension, which an operator may have created outside of the search path. */
async function trigramsOf(db: AnyDb): Promise<(on: string) => string> {
  const { rows } = await sql<{ schema: string }>`
    select quote_ident(nspname) as schema from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
    where extname = 'pg_trgm'`.execute(db)
  const [extension] = rows
  return (on) => (extension ? on.replaceAll('gin_trgm_ops', `${extension.schema}.gin_trgm_ops`) : on)
}

/** Lets Postgres count which folded names there are: it knows nothing of an expression before, and reads an index where it should not. */
async function analyzeFolded(db: AnyDb, built: readonly (readonly [name: string, on: string])[]): Promise<void> {
  for (const [, on] of built) {
    const table = on.includes('search_fold(') ? on.split(' ', 1)[0] : undefined
    if (!table) continue
    const { rows } = await sql`select where pg_relation_size(${table}::regclass) > 0`.execute(db)
    if (rows.length > 0) await sql`analyze ${sql.table(table)}`.execute(db)
  }
}
