import { setTimeout as sleep } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: works on any state of the schema
type AnyDb = Kysely<any>

/** The longest that a migration waits for a lock. Meanwhile every other statement on that table waits behind it. */
const maxLockWaitMs = 1_000
/** Those who waited are through before the next try. */
const pauseMs = 1_000
/** Longer than the slowest statement of any process; a transaction that stays open is a fault that the operator must find. */
const patienceMs = 300_000

const lockNotAvailable = '55P03'

/** Bounds how long a transaction waits for a lock, and thereby how long others wait behind it. */
export async function boundLockWaits(trx: AnyDb): Promise<void> {
  await sql`select set_config('lock_timeout', ${`${maxLockWaitMs}ms`}, true)`.execute(trx)
}

/**
 * Repeats a transaction that got a lock too late, between the transactions of others.
 * @throws Error with the way to find who holds the lock, after some minutes; every other error at once
 */
export async function betweenOthers<T>(transaction: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    try {
      return await transaction()
    } catch (error) {
      if (!isLockWait(error)) throw error
      if (performance.now() > deadlineMs) throw new Error(`${(error as Error).message} ${remedy}`, { cause: error })
    }
    await sleep(pauseMs)
  }
}

const remedy =
  'Another transaction has held a lock of a table for minutes: find it by `select pid, application_name, xact_start, query from ' +
  'pg_stat_activity where xact_start is not null order by xact_start`, end it, and run this again.'

const isLockWait = (error: unknown) =>
  error instanceof Error && (error.cause as { code?: string } | undefined)?.code === lockNotAvailable
