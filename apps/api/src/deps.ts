import { type Cache, createCache } from '@muster/cache'
import {
  besidePool,
  type Clock,
  type CorrectedClock,
  createDb,
  createLookupDb,
  type Db,
  readInstallationId,
  systemClock,
} from '@muster/db'
import type { Report } from '@muster/doctor'
import { DomainError } from '@muster/errors'
import { openQueueMonitor, type QueueMonitor } from '@muster/jobs/admin'
import {
  createTransact,
  createTransactStatement,
  createTransactTogether,
  type Transact,
  type TransactStatement,
  type TransactTogether,
} from '@muster/jobs/outbox'
import { type Publisher, startPublisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import { createPasswordHasher, type PasswordHasher } from '@muster/security/password-hasher'
import { createKeyedSemaphore, type KeyedSemaphore } from '@muster/security/semaphore'
import { type OwnedStorage, openStorage } from '@muster/storage'
import { countCacheRead } from './cache-metrics.ts'
import type { Config } from './config.ts'
import { createDependencyHealth, type DependencyHealth } from './dependency-health.ts'
import { createReads, type ReadsFor } from './http/reads/reads.ts'
import { openReplica, type Replica } from './http/reads/replica.ts'
import { createWriteCookies, type WriteCookies } from './http/reads/write-cookies.ts'
import { type Presence, startPresence } from './modules/accounts/presence.ts'
import { type Revocations, startRevocations } from './modules/sessions/revocations.ts'
import { openRedis, type SafeRedis } from './redis.ts'

/** Everything that services use. Each function declares the part that it needs, as `Pick<Deps, …>`. */
export type Deps = {
  config: Config
  /** Runs the checks of `muster doctor` with the variables of this process. */
  examine(): Promise<Report>
  log: Logger
  clock: Clock
  db: Db
  /** Reads a row by its key, outside of transactions: all requests share one connection and wait for none of the pool. */
  lookups: Db
  /** A standby for reads; only routes with `readsReplica` use it, by `readsFor`. */
  replica: Replica | undefined
  readsFor: ReadsFor
  writeCookies: WriteCookies
  redis: SafeRedis
  cache: Cache
  publisher: Publisher
  queueMonitor: QueueMonitor
  transact: Transact
  /** For the most frequent writes: a transaction of one statement. */
  transactStatement: TransactStatement
  /** For the most frequent of all: concurrent requests share the statement. */
  transactTogether: TransactTogether
  /** By chat: sends that would wait for its lock hold no connection of the pool meanwhile. */
  chatSends: KeyedSemaphore
  passwords: PasswordHasher
  storage: OwnedStorage
  revocations: Revocations
  presence: Presence
  health: DependencyHealth
  /** See `readRestoreMark`; `main.ts` reads it before the API serves. */
  restoreMark?: string | undefined
}

/** A caller waits for each request: while Postgres does not respond, the request is answered 503 after this time. */
const statementTimeoutMs = 2_000
/** One writes to a chat, and the next one waits for its lock already. */
const chatSendRules = { maxParallel: 2, maxWaitMs: 10_000 }

/**
 * Opens every connection of the API; `close` closes them.
 * @param env the variables that `examine` reads
 * @param clock time for all services; a clock that can be corrected is corrected with each measurement of the system clock
 */
export function createDeps(
  config: Config,
  log: Logger,
  clock: Clock | CorrectedClock = systemClock,
  env: NodeJS.ProcessEnv = process.env,
): Deps & { close(): Promise<void> } {
  const db = createDb({ ...config.database, applicationName: 'muster-api', statementTimeoutMs })
  const lookups = createLookupDb({
    ...config.database,
    applicationName: 'muster-api-lookups',
    statementTimeoutMs,
  })
  const replica =
    config.replicaUrl === undefined
      ? undefined
      : openReplica({
          settings: { ...config.database, url: config.replicaUrl, directUrl: undefined },
          primary: lookups,
          statementTimeoutMs,
        })
  const writeCookies = createWriteCookies({ config, clock })
  const redis = openRedis(config.redis, { patienceMs: config.redisPatienceMs, log })
  const cache = createCache({ redis, log, onRead: countCacheRead })
  const publisher = startPublisher({ db, redisSettings: config.redis, log, clock })
  const queueMonitor = openQueueMonitor(config.redis, { patienceMs: config.redisPatienceMs, clock })
  // Its own connection: requests that wait for the pool must not delay the poll of revocations.
  const pollDb = createDb({
    ...config.database,
    poolMax: besidePool.revocations,
    applicationName: 'muster-api-revocations',
    pool: 'revocations',
    statementTimeoutMs: 1_000,
  })
  const revocations = startRevocations({ db: pollDb, log, clock })
  const presence = startPresence({ db, redis, publisher, clock, log })
  const storage = openStorage(config.storage, () => readInstallationId(db))
  const health = createDependencyHealth({
    log,
    db,
    lookups,
    replica,
    pollDb,
    redis,
    publisher,
    revocations,
    storage,
    systemClock: 'correct' in clock ? clock : undefined,
  })
  return {
    config,
    // Loaded when it is asked for: it knows the settings of all processes.
    examine: async () => (await import('./examine-installation.ts')).examineInstallation(env, { processes: ['api'] }),
    log,
    clock,
    db,
    lookups,
    replica,
    readsFor: createReads({ db, lookups, replica, cookies: writeCookies }),
    writeCookies,
    redis,
    cache,
    publisher,
    queueMonitor,
    transact: createTransact({ db, publisher }),
    transactStatement: createTransactStatement({ db, publisher }),
    transactTogether: createTransactTogether({ db, publisher }),
    chatSends: createKeyedSemaphore({
      ...chatSendRules,
      timeoutError: () => new DomainError('OVERLOADED', { retryAfterSeconds: 1 }),
    }),
    passwords: createPasswordHasher({ keys: config.keys.password, ...config.passwords }),
    storage,
    revocations,
    presence,
    health,
    async close() {
      await presence.close()
      await publisher.close()
      await revocations.close()
      await cache.close()
      redis.close()
      queueMonitor.close()
      await Promise.all([replica?.close(), db.destroy(), lookups.destroy(), pollDb.destroy()])
    },
  }
}
