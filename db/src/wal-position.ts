import { type RawBuilder, sql } from 'kysely'
import type { Db } from './types.ts'

/** A place in the log of a cluster (WAL), as the number of bytes before it. */
export type WalPosition = number

/** What a server tells about itself, for comparing a primary with a standby. */
export type ServerState = {
  /** The cluster and the database in it; the same on a primary and its standbys. */
  identity: string
  isStandby: boolean
  /** How far a primary has written its log; how far a standby has replayed it. */
  position: WalPosition
}

/**
 * SQL: the position behind everything that has been committed, also asynchronously. At the end of a page of the log the next record is
 * inserted behind a header, which a standby of an idle primary would never reach.
 */
const written: RawBuilder<WalPosition> = sql`(select case
    when inserted - flushed <= 40 and (flushed - '0/0') % current_setting('wal_block_size')::integer = 0 then flushed - '0/0'
    else inserted - '0/0'
  end::bigint from (select pg_current_wal_insert_lsn() as inserted, pg_current_wal_flush_lsn() as flushed) log)`

const replayed: RawBuilder<WalPosition> = sql`(pg_last_wal_replay_lsn() - '0/0')::bigint`

/** Reads the position behind all commits that have been answered. @throws on a standby, which writes no log */
export async function readWrittenPosition(db: Db): Promise<WalPosition> {
  const { rows } = await sql<{ position: WalPosition }>`select ${written} as position`.execute(db)
  return rows[0]?.position as WalPosition
}

/** Reads which cluster and database this is, whether it is a standby, and how far it is. */
export async function readServerState(db: Db): Promise<ServerState> {
  const { rows } = await sql<ServerState>`
    select (select system_identifier from pg_control_system())
        || '/' || (select oid from pg_database where datname = current_database()) as identity,
      pg_is_in_recovery() as "isStandby",
      case when pg_is_in_recovery() then ${replayed} else ${written} end as position`.execute(db)
  return rows[0] as ServerState
}
