import { formatHead, signHead } from '@muster/audit'
import { createDb, type DatabaseSettings, directly, type Trx } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { sql } from 'kysely'
import type { Manifest } from '../manifest/manifest.ts'
import { BackupRefusal } from '../refusal.ts'

/** The lock of Kysely's migrator: held shared by a backup, so that a migration waits, and waits without a lock on any table. */
const migrationLock = '3853314791062309107'

export type Snapshot = {
  trx: Trx
  /** For pg_dump. */
  name: string
  /** The part of the manifest about the database. */
  state: Pick<Manifest, 'createdAt' | 'installationId' | 'migrations' | 'auditHead' | 'keys'> & {
    postgres: Omit<Manifest['postgres'], 'dumpMajor'>
  }
  databaseBytes: number
}

/** Opens a snapshot of the database, and keeps it until `use` ends. @throws BackupRefusal while a migration runs, or on a database without Muster */
export async function withSnapshot<T>(
  database: DatabaseSettings,
  auditKeys: KeyRing,
  use: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const db = createDb({
    ...directly(database),
    poolMax: 1,
    applicationName: 'muster-backup',
    statementTimeoutMs: 300_000,
  })
  try {
    return await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (trx) => {
        // The dump takes long, and nothing is asked here meanwhile.
        await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx)
        await assertNoMigration(trx)
        return use(await readSnapshot(trx, auditKeys))
      })
  } finally {
    await db.destroy()
  }
}

async function assertNoMigration(trx: Trx): Promise<void> {
  const { rows } = await sql<{ isFree: boolean; isMuster: boolean }>`
    select pg_try_advisory_xact_lock_shared(${migrationLock}) as "isFree",
      to_regclass('kysely_migration') is not null and to_regclass('installation') is not null as "isMuster"`.execute(
    trx,
  )
  if (!rows[0]?.isFree)
    throw new BackupRefusal('A migration of this database is running. Run the backup when it is done.')
  if (!rows[0].isMuster)
    throw new BackupRefusal(
      'The database of DATABASE_URL has no Muster, or was never migrated by this release: run `muster migrate` first.',
    )
}

async function readSnapshot(trx: Trx, auditKeys: KeyRing): Promise<Snapshot> {
  type Row = { name: string; at: Date; bytes: number; schema: string; version: string; major: number; id: string }
  const { rows } = await sql<Row>`
    select pg_export_snapshot() as name, now() as at, pg_database_size(current_database())::float8 as bytes,
      current_schema() as schema, current_setting('server_version') as version,
      current_setting('server_version_num')::int / 10000 as major, (select id from installation) as id`.execute(trx)
  const { name, at, bytes, schema, version, major, id } = rows[0] as Row
  const migrations = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(trx)
  const head = await trx.selectFrom('audit_chain_head').select(['seq', 'hash']).executeTakeFirst()
  const keys = await trx.selectFrom('key_checks').selectAll().orderBy('ring').orderBy('key_id').execute()
  return {
    trx,
    name,
    databaseBytes: bytes,
    state: {
      createdAt: at.toISOString(),
      installationId: id,
      postgres: { major, version, schema },
      migrations: migrations.rows.map((row) => row.name),
      auditHead:
        head && head.seq > 0
          ? formatHead(signHead(auditKeys, { seq: head.seq, hash: head.hash.toString('hex') }))
          : null,
      keys: keys.map((key) => ({
        ring: key.ring as Manifest['keys'][number]['ring'],
        keyId: key.key_id,
        checkValue: key.check_value?.toString('hex') ?? null,
        becameCurrentAt: key.became_current_at?.toISOString() ?? null,
      })),
    },
  }
}
