import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: works on any state of the schema
type AnyDb = Kysely<any>

/** Rows of a table as a query over `n`, the number of the row, and `owner`, a user with an organization of the same id. */
const fills: Readonly<Record<string, string>> = {
  users: `(id, username, name, email, role, organization_id)
    select id, 'user_' || n, 'Zoë ' || n, 'user_' || n || '@example.test', 'client_user', owner`,
  tasks: `(id, owner_id, organization_id, title, description, due_date)
    select id, owner, owner, 'Task ' || n || ': report-final.pdf', 'What is to be done by ' || n, now()`,
  reminders: `(id, task_id, user_id, scheduled_at) select id, task, owner, now() + interval '1 year'`,
  attachments: `(id, task_id, organization_id, uploader_id, filename, content_type, kind, status, size_bytes, original_size_bytes, storage_key)
    select id, task, owner, owner, 'notes-' || n || '.pdf', 'application/pdf', 'document', 'ready', 1000, 1000, 'none'`,
  notifications: `(id, user_id, type, title, message) select id, owner, 'general', 'Note ' || n, 'What happened'`,
  email_messages: `(id, template, to_address, user_id, status)
    select id, 'welcome', 'user_' || n || '@example.test', owner, 'sent'`,
  email_attempts: `(email_id, attempt, outcome, started_at, ended_at) select id, 1, 'sent', now(), now()`,
  sessions: `(id, user_id, seed, rotated_at, created_at, last_used_at, expires_at)
    select id, owner, decode(repeat('00', 32), 'hex'), now(), now(), now(), now() + interval '1 day'`,
  outbox: `(id, queue, name, payload, run_at) select id, 'reminder', 'none', '{}', now() + interval '1 year'`,
  audit_events: `(seq, id, action, target_type, target_id, created_at, personal_digest, key_id, previous_hash, hash)
    select n, id, 'task.created', 'task', n::text, now(), '\\x00', 'k1', '\\x00', '\\x00'`,
  audit_personal: `(event_id, salt) select id, '\\x00'`,
  chats: `(id, kind, name, seq, change) select id, 'group', 'Group ' || n, 1, 1`,
  chat_members: `(chat_id, user_id, role, joined_seq, joined_change, change) select chat, owner, 'member', 0, 1, 1`,
  messages: `(id, chat_id, seq, change, sender_id, client_id, content_mac, body)
    select id, chat, 1, 1, owner, id, '\\x00', 'What was said about ' || n`,
}

/** The tables that grow with use, and are filled here. */
export const bigTables = Object.keys(fills)

/**
 * The last migration of each release. Tables that come with a release are empty while its migrations run, so the big ones are filled after
 * these alone. `0024_installation` is that of the code before backups, which some run.
 */
const releaseEnds: readonly string[] = ['0015_suppressions', '0024_installation']

/** Tests whether a release ends with this migration. */
export const endsRelease = (name: string): boolean => releaseEnds.includes(name)

const rowsPerStatement = 50_000

/** Fills the big tables that exist and are empty. @returns their names */
export async function fillEmpty(db: AnyDb, rows: number): Promise<string[]> {
  const filled: string[] = []
  for (const [table, fill] of Object.entries(fills)) {
    if (!(await isEmpty(db, table))) continue
    if (table === 'users') await insertOwner(db)
    if (table === 'audit_events') await addPartition(db)
    for (let first = 1; first <= rows; first += rowsPerStatement)
      await insert(db, { table, fill, first, last: Math.min(rows, first + rowsPerStatement - 1) })
    if (rows > rowsPerStatement) await sql`vacuum (analyze) ${sql.table(table)}`.execute(db)
    filled.push(table)
  }
  return filled
}

async function isEmpty(db: AnyDb, table: string): Promise<boolean> {
  const { rows } = await sql<{ isThere: boolean }>`select to_regclass(${table}) is not null as "isThere"`.execute(db)
  return !!rows[0]?.isThere && (await sql`select from ${sql.table(table)} limit 1`.execute(db)).rows.length === 0
}

const ownerId = sql.lit('00000000-0000-4000-8000-000000000001')

async function insertOwner(db: AnyDb): Promise<void> {
  await sql`insert into organizations (id, name) values (${ownerId}, 'Team')`.execute(db)
  await sql`insert into users (id, username, name, email, role, organization_id)
    values (${ownerId}, 'owner', 'Owner', 'owner@example.test', 'client_admin', ${ownerId})`.execute(db)
}

/** The audit worker makes the partition of each month. */
async function addPartition(db: AnyDb): Promise<void> {
  await sql`create table if not exists audit_events_all partition of audit_events default`.execute(db)
}

type Insert = { table: string; fill: string; first: number; last: number }

/** Ids follow from the number, so that rows refer to each other. Triggers of the application and foreign keys are left out. */
async function insert(db: AnyDb, { table, fill, first, last }: Insert): Promise<void> {
  const idOf = (kind: string) => `('${kind}0000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`
  const kind = 'a'
  await db.transaction().execute(async (trx) => {
    await sql`select set_config('session_replication_role', 'replica', true)`.execute(trx)
    await sql
      .raw(
        `insert into ${table} ${fill} from (
           select n, ${idOf(kind)} as id, ${idOf(kind)} as task, ${idOf(kind)} as chat, ${ownerId.compile(db).sql}::uuid as owner
           from generate_series(${first}, ${last}) n) numbered`,
      )
      .execute(trx)
  })
}
