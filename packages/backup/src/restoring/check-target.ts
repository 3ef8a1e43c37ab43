import type { Db } from '@muster/db'
import { migrations } from '@muster/db/migrations'
import { type RedisClient, readRedisOwner } from '@muster/redis'
import type { StorageDriver } from '@muster/storage'
import { sql } from 'kysely'
import type { Manifest } from '../manifest/manifest.ts'
import { BackupRefusal } from '../refusal.ts'

/** Refuses a backup of a newer schema. An older one is migrated. @throws BackupRefusal */
export function assertKnownSchema(manifest: Manifest): void {
  const unknown = manifest.migrations.filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length === 0) return
  throw new BackupRefusal(
    `The backup has the schema of a newer release (${manifest.release}): ${unknown.join(', ')}. Restore it with that release or a newer one.`,
  )
}

/** Refuses a database that has anything in it, or whose Postgres is older than that of the backup. @throws BackupRefusal */
export async function assertEmptyDatabase(db: Db, { postgres }: Manifest): Promise<{ major: number }> {
  const { rows } = await sql<{
    relations: number
    isMuster: boolean
    database: string
    major: number
    version: string
  }>`
    select count(relation.oid)::int as relations, to_regclass('kysely_migration') is not null as "isMuster",
      current_database() as database, current_setting('server_version_num')::int / 10000 as major,
      current_setting('server_version') as version
    from (select) as always left join (
      pg_class as relation join pg_namespace on pg_namespace.oid = relation.relnamespace
        and nspname !~ '^pg_' and nspname <> 'information_schema'
    ) on not exists (select from pg_depend where objid = relation.oid and deptype = 'e')`.execute(db)
  const [found] = rows
  if (!found) throw new Error('Postgres told nothing about the database.')
  if (found.relations > 0)
    throw new BackupRefusal(
      `The database ${found.database} is not empty: it has ${found.isMuster ? 'the data of a Muster' : 'tables of its own'}. A restore never overwrites data. ` +
        'Create an empty database (`createdb`), and name it in DATABASE_URL.',
    )
  if (found.major < postgres.major)
    throw new BackupRefusal(
      `The backup is of Postgres ${postgres.version}, and the server of DATABASE_URL is ${found.version}. Restore into Postgres ${postgres.major} or newer.`,
    )
  return { major: found.major }
}

/** The mark of a store into which a backup is being restored: a restore that was interrupted goes on there. */
export const restoringMark = ({ id }: Pick<Manifest, 'id'>) => `restoring-${id}`

/** Refuses a store that has files or another owner. @throws BackupRefusal */
export async function assertEmptyStore(storage: StorageDriver, place: string, manifest: Manifest): Promise<void> {
  const owner = await storage.owner.read()
  if (owner === restoringMark(manifest)) return
  if (owner !== undefined)
    throw new BackupRefusal(
      `${place} belongs to another installation (${owner}). A restored copy needs files of its own: set another folder, bucket or prefix.`,
    )
  for await (const { key } of storage.list(''))
    throw new BackupRefusal(
      `${place} is not empty: it has ${key}, for example. A restore never mixes files: set another folder, bucket or prefix, or empty this one.`,
    )
}

/** Refuses a Redis that belongs to an installation, whose jobs would be run on the copy. @throws BackupRefusal */
export async function assertFreeRedis(redis: RedisClient, place: string): Promise<void> {
  const owner = await readRedisOwner(redis)
  if (owner === undefined) return
  throw new BackupRefusal(
    `${place} belongs to the installation ${owner}, whose jobs the restored copy would run. Set another Redis or database number in REDIS_URL; ` +
      'or, when that installation is gone for good, empty it: `redis-cli -n <number> FLUSHDB`, on a cluster `FLUSHALL` on each master.',
  )
}
