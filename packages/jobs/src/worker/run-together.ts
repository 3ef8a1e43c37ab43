import { type Cause, currentCause, withCause } from '@muster/cause'
import { type Db, inGroups, isDatabaseUnavailable, isRefusal, type Origin, runShared, traceShared } from '@muster/db'
import { sql } from 'kysely'
import type { Nudge } from '../outbox/effects.ts'
import { createTransact, type TransactContext } from '../outbox/transact.ts'
import { groupRules, patienceMs } from '../outbox/transact-together.ts'
import { acknowledge } from './acknowledge.ts'
import { AlreadyDone, type HandlerContext } from './handler.ts'

/** One run of a job within a transaction that it shares. */
export type SharedRun<Payload> = { payload: Payload; jobId: string; cause: Cause | undefined }

type Entry<Payload> = SharedRun<Payload> & PromiseWithResolvers<void> & { origin: Origin }

/**
 * Lets jobs that run at the same time share the transaction of their effects: round trips and commits of one job serve them all. When a
 * group fails, or waits for a lock for {@link patienceMs}, each of its jobs runs alone, so that a job fails only by its own error. A job that a request caused runs alone
 * from the start, since what it writes names the request.
 * @param runAll writes the effects of runs that no earlier run has done; it runs again for each alone
 * @returns the function by which a handler runs its job; it throws {@link AlreadyDone} as `context.transact` does
 */
export function createRunTogether<Payload>(
  { db, publisher }: { db: Db; publisher: Nudge },
  runAll: (tx: TransactContext, runs: readonly SharedRun<Payload>[]) => Promise<void>,
): (payload: Payload, context: Pick<HandlerContext, 'jobId' | 'acknowledged'>) => Promise<void> {
  const transact = createTransact({ db, publisher })
  const join = inGroups<Entry<Payload>>(runGroup, groupRules)

  async function runGroup(entries: Entry<Payload>[]): Promise<void> {
    const [first] = entries
    const isAlone = entries.length === 1
    try {
      const isDone = await withCause(isAlone ? first?.cause : undefined, () =>
        runShared(
          entries.map(({ origin }) => origin),
          () => commit(entries),
        ),
      )
      for (const { jobId, resolve, reject } of entries) {
        if (isDone.has(jobId)) resolve()
        else reject(new AlreadyDone(jobId))
      }
    } catch (error) {
      // Not awaited: the next group need not wait for a job that waits for a lock.
      if (!isAlone && (isRefusal(error) || !isDatabaseUnavailable(error)))
        for (const entry of entries) void runGroup([entry])
      else for (const { reject } of entries) reject(error)
    }
  }

  /** @returns the jobs whose effects this transaction wrote */
  const commit = (entries: readonly Entry<Payload>[]): Promise<ReadonlySet<string>> =>
    transact(async (tx) => {
      if (entries.length > 1) await sql`select set_config('lock_timeout', ${String(patienceMs)}, true)`.execute(tx.trx)
      const jobIds = entries.map(({ jobId }) => jobId)
      const pending = new Set(await acknowledge(tx.trx, jobIds))
      const runs = entries.filter(({ jobId }) => pending.has(jobId))
      if (runs.length > 0) await runAll(tx, runs)
      return pending
    })

  return async (payload, { jobId, acknowledged }) => {
    const cause = currentCause()
    await traceShared((origin) => {
      const entry: Entry<Payload> = { payload, jobId, cause, origin, ...Promise.withResolvers() }
      if (cause?.requestId) void runGroup([entry])
      else join(entry)
      return entry.promise
    })
    acknowledged()
  }
}
