import { type RawBuilder, sql } from 'kysely'
import type { Db } from './types.ts'

/** A place in the log of a cluster (WAL), as the number of bytes before it. */
export type WalPosition = number

/** How far a server is. */
export type ReplayState = {
  isStandby: boolean
  /** How far a standby has replayed the log; how far a primary has written it. */
  position: WalPosition
}

/** A parameter, because only statements that have one are prepared. */
const start = (): RawBuilder<unknown> => sql`${'0/0'}::pg_lsn`

/**
 * SQL: the position behind everything that has been committed, also asynchronously. At the end of a page of the log the next record is
 * inserted behind a header, which a standby of an idle primary would never reach.
 */
const written = (): RawBuilder<WalPosition> => sql`(select case
    when inserted - flushed <= 40 and (flushed - ${start()}) % current_setting('wal_block_size')::integer = 0 then flushed - ${start()}
    else inserted - ${start()}
  end::bigint from (select pg_current_wal_insert_lsn() as inserted, pg_current_wal_flush_lsn() as flushed) log)`

const replayed = (): RawBuilder<WalPosition> => sql`(pg_last_wal_replay_lsn() - ${start()})::bigint`

/** Reads the position behind all commits that have been answered. @throws on a standby, which writes no log */
export async function readWrittenPosition(db: Db): Promise<WalPosition> {
  const { rows } = await sql<{ position: WalPosition }>`select ${written()} as position`.execute(db)
  return rows[0]?.position as WalPosition
}

/** Reads how far a standby is: at least so far is what the next statement on the same connection reads. */
export async function readReplayState(db: Db): Promise<ReplayState> {
  const { rows } = await sql<ReplayState>`
    select pg_is_in_recovery() as "isStandby", ${replayed()} as position`.execute(db)
  return rows[0] as ReplayState
}

/** Reads how far a server is, and which cluster and database it is: the same on a primary and its standbys. */
export async function readServerState(db: Db): Promise<ReplayState & { identity: string }> {
  const { rows } = await sql<ReplayState & { identity: string }>`
    select (select system_identifier from pg_control_system())
        || '/' || (select oid from pg_database where datname = current_database()) as identity,
      pg_is_in_recovery() as "isStandby",
      case when pg_is_in_recovery() then ${replayed()} else ${written()} end as position`.execute(db)
  return rows[0] as ReplayState & { identity: string }
}
