import {
  createDb,
  createLookupDb,
  type DatabaseSettings,
  type Db,
  isDatabaseUnavailable,
  readReplayState,
  type WalPosition,
} from '@muster/db'
import { DomainError } from '@muster/errors'
import { type Obstacle, watchReplica } from './replica-watch.ts'

/** The value that the replica answered, or why the primary must. */
export type Outcome<T> = { value: T; fallback?: undefined } | { fallback: Fallback }
/** `not_replayed`: the caller's last write; `cancelled`: by the replay of a cleanup; `failed`: for another reason. */
export type Fallback = Obstacle | 'not_replayed' | 'cancelled' | 'failed'

export type Replica = {
  /** Runs a read on the replica, when that has replayed its log up to the position. @throws DomainError of the read itself */
  read<T>(read: (db: Db) => Promise<T>, needed: WalPosition): Promise<Outcome<T>>
  /** @throws Error with the obstacle as its code when the replica is not used */
  assertUsable(): Promise<void>
  /** How old its data is at most, in milliseconds. */
  behindMs(): number
  close(): Promise<void>
}

/** A read does not wait longer for a connection of the pool. */
const connectTimeoutMs = 500

type Options = { settings: DatabaseSettings; primary: Db; statementTimeoutMs: number }

/**
 * Opens the connections to a replica and compares it with the primary. Each read asks the server at the end of its own connection how far
 * it is, so that a pooler or a balancer between may lead to several standbys.
 */
export function openReplica({ settings, primary, statementTimeoutMs }: Options): Replica {
  const applicationName = 'muster-api-replica'
  const db = createDb({ ...settings, applicationName, pool: 'replica', statementTimeoutMs, connectTimeoutMs })
  const probe = createLookupDb({
    ...settings,
    applicationName: `${applicationName}-watch`,
    pool: 'replica-watch',
    statementTimeoutMs: 1_000,
  })
  const watch = watchReplica({ primary, replica: probe })
  // A pooler may give each transaction another server, and each statement outside of one.
  const onOneServer = <T>(use: (db: Db) => Promise<T>): Promise<T> =>
    settings.pooler === 'transaction'
      ? db.transaction().setAccessMode('read only').execute(use)
      : db.connection().execute(use)

  return {
    read<T>(read: (db: Db) => Promise<T>, needed: WalPosition) {
      const obstacle = watch.obstacle()
      if (obstacle) return Promise.resolve({ fallback: obstacle })
      return new Promise<Outcome<T>>((resolve, reject) => {
        let isAbandoned = false
        const forget = watch.onLost(() => {
          isAbandoned = true
          resolve({ fallback: 'unavailable' })
        })
        onOneServer(async (server): Promise<Outcome<T>> => {
          if (isAbandoned) return { fallback: 'unavailable' }
          const state = await readReplayState(server)
          const fallback = watch.judge(state) ?? (state.position < needed ? 'not_replayed' : undefined)
          return fallback ? { fallback } : { value: await read(server) }
        })
          .then(resolve, (error: unknown) => {
            if (error instanceof DomainError) return reject(error)
            const fallback = fallbackOf(error)
            if (fallback === 'unavailable') watch.failed()
            resolve({ fallback })
          })
          .finally(forget)
      })
    },
    async assertUsable() {
      const obstacle = watch.obstacle()
      if (obstacle) throw Object.assign(new Error(messages[obstacle]), { code: obstacle.toUpperCase() })
    },
    behindMs: watch.behindMs,
    async close() {
      watch.close()
      await Promise.all([db.destroy(), probe.destroy()])
    },
  }
}

const messages: Record<Obstacle, string> = {
  unavailable: 'The replica does not answer.',
  behind: 'The replica is more than a second behind.',
  writable: 'DATABASE_REPLICA_URL leads to a server that is no standby.',
  foreign: 'DATABASE_REPLICA_URL leads to a standby of another cluster, or to another database.',
}

function fallbackOf(error: unknown): Fallback {
  const { code, message } = error as Error & { code?: unknown }
  if (/conflict with recovery/.test(message)) return 'cancelled'
  // The server may be there: the statement was slow, or all connections of the pool are busy.
  const isOverdue = code === statementTimeout || message === poolTimeout
  return isDatabaseUnavailable(error) && !isOverdue ? 'unavailable' : 'failed'
}

/** SQLSTATE `query_canceled`. */
const statementTimeout = '57014'
const poolTimeout = 'timeout exceeded when trying to connect'
