import { createDb, readReplayState } from '@muster/db'
import { durationText } from '@muster/text'
import { sql } from 'kysely'
import { type Notes, Unchecked } from '../finding.ts'
import { connectTimeoutMs, type Tools } from '../tools.ts'
import { noteFailure } from './postgres.ts'

/** The API reads from the primary while the replica is further behind. */
const behindMs = 1_000

/** Connects to the read replica, when there is one, and measures how far it is behind. */
export async function checkReplica({ settings, places }: Tools, notes: Notes): Promise<void> {
  const { replicaUrl, database } = settings
  if (!replicaUrl) return notes.fact('No read replica is set.')
  if (!database) throw new Unchecked('The settings of Postgres are missing or faulty.')
  const db = createDb({
    ...database,
    url: replicaUrl,
    directUrl: undefined,
    poolMax: 1,
    connectTimeoutMs,
    statementTimeoutMs: connectTimeoutMs,
    applicationName: 'muster-cli',
  })
  try {
    const { isStandby } = await readReplayState(db)
    if (!isStandby)
      return notes.find({
        id: 'replica-writable',
        severity: 'error',
        what: 'DATABASE_REPLICA_URL leads to a server that is no standby.',
        remedy: 'Name a standby of the Postgres of DATABASE_URL, or remove the variable.',
      })
    const { rows } = await sql<{ ms: number }>`
      select case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
        else coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000, 0) end::float8 as ms`.execute(
      db,
    )
    const ms = Math.round(rows[0]?.ms ?? 0)
    notes.fact(`The replica is ${ms} ms behind.`)
    if (ms <= behindMs) return
    notes.find({
      id: 'replica-behind',
      severity: 'warning',
      what: `The read replica is ${durationText(ms)} behind, so that lists come from the primary.`,
      remedy: 'Look at the load and the network of the standby, and at long queries there that hold its replay back.',
    })
  } catch (error) {
    noteFailure(notes, places.replica(replicaUrl), error, 'replica')
  } finally {
    void db.destroy().catch(() => {})
  }
}
