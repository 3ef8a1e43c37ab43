import {
  askByWrite,
  type ConnectionLimits,
  type DatabaseSettings,
  type Db,
  findSettingFaults,
  readConnectionLimits,
} from '@muster/db'
import { explainFailure, type ServicePlace } from '@muster/remedies'
import { sql } from 'kysely'
import { connectionNeeds } from '../connection-needs.ts'
import { type Notes, Unchecked } from '../finding.ts'
import type { Tools } from '../tools.ts'

const versions = { oldest: 15, newestTested: 18 }
/** Beyond this share, a few processes more find no connection. */
const fullShare = 0.9
const oneOfEach = { api: 1, 'email-worker': 1, 'audit-worker': 1, 'reminder-worker': 1, 'image-worker': 1 }

/** Connects to Postgres as the processes do, and looks at its version, its settings and its connections. */
export async function checkPostgres(tools: Tools, notes: Notes): Promise<void> {
  const { database } = tools.settings
  if (!database) throw new Unchecked('The settings of Postgres are missing or faulty.')
  const service = tools.places.postgres(database.url)
  const failed = (at: ServicePlace) => (error: unknown) => {
    if (error instanceof Unchecked) throw error
    noteFailure(notes, at, error)
  }
  const db = await tools.connectPostgres().catch(failed(service))
  if (!db) return
  await noteServer(db, notes)
  for (const what of await findSettingFaults(db, database.pooler))
    notes.find({ id: 'postgres-session', severity: 'warning', what, remedy: 'See "PgBouncer" in docs/operate.md.' })
  // Without the tables, the check of the migrations tells more.
  const isMigrated = await hasOutbox(db)
  if (isMigrated) await askByWrite(db).catch(failed(service))
  const direct = await tools
    .directPostgres()
    .catch(failed(database.directUrl ? tools.places.directPostgres(database.directUrl) : service))
  if (direct) noteConnections(await readConnectionLimits(direct), database, notes)
}

/** Adds the finding of a service that cannot be used. Its id is that of the service and the kind, e.g. `postgres-sign-in`. */
export function noteFailure(notes: Notes, service: ServicePlace, error: unknown, id: string = service.kind): void {
  const { kind, what, remedy } = explainFailure(service, error)
  notes.find({ id: `${id}-${kind === 'other' ? 'failure' : kind}`, severity: 'error', what, remedy })
}

async function hasOutbox(db: Db): Promise<boolean> {
  const { rows } = await sql<{ isThere: boolean }>`select to_regclass('outbox') is not null as "isThere"`.execute(db)
  return rows[0]?.isThere === true
}

async function noteServer(db: Db, notes: Notes): Promise<void> {
  const { rows } = await sql<{ version: string; number: number; encoding: string; bytes: number }>`
    select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
      current_setting('server_encoding') as encoding, pg_database_size(current_database())::float8 as bytes`.execute(db)
  const server = rows[0]
  if (!server) return
  notes.fact(`Postgres ${server.version}, ${(server.bytes / 1024 ** 2).toFixed(0)} MiB of data.`)
  const major = Math.floor(server.number / 10_000)
  if (major < versions.oldest)
    notes.find({
      id: 'postgres-version',
      severity: 'error',
      what: `Postgres ${server.version} is older than ${versions.oldest}, the oldest that works.`,
      remedy: `Upgrade the server to Postgres ${versions.oldest} to ${versions.newestTested}.`,
    })
  if (major > versions.newestTested) notes.fact(`Muster is tested with Postgres up to ${versions.newestTested}.`)
  if (server.encoding !== 'UTF8')
    notes.find({
      id: 'postgres-encoding',
      severity: 'error',
      what: `The database has the encoding ${server.encoding}, which cannot store every text.`,
      remedy: 'Create a database with ENCODING UTF8, and move the data there by pg_dump.',
    })
}

function noteConnections(
  { allowed, used }: ConnectionLimits,
  database: Pick<DatabaseSettings, 'poolMax' | 'pooler'>,
  notes: Notes,
): void {
  const { needed } = connectionNeeds(oneOfEach, database)
  notes.fact(
    `${used} of ${allowed} connections are open; one process of each kind needs up to ${needed.maxConnections}.`,
  )
  const remedy =
    'Raise max_connections or the limit of the role or database, lower DATABASE_POOL_MAX, or put PgBouncer between; `muster connections` adds up all processes.'
  const isFull = used > allowed * fullShare
  if (!isFull && allowed >= needed.maxConnections) return
  notes.find({
    id: 'postgres-connections',
    severity: 'warning',
    what: isFull
      ? `${used} of the ${allowed} connections that Postgres allows this role are open.`
      : `Postgres allows this role ${allowed} connections, and one process of each kind needs up to ${needed.maxConnections}.`,
    remedy,
  })
}
