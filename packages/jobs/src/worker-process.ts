import {
  askByWrite,
  assertMigrated,
  type CorrectedClock,
  correctAtStart,
  createCorrectedClock,
  type Db,
  measureClock,
} from '@muster/db'
import { createLogger, type Logger } from '@muster/logger'
import {
  runProcess,
  runStartChecks,
  type StartCheck,
  startOpsServer,
  watchClock,
  watchDependency,
  watchReadiness,
} from '@muster/telemetry'
import { assertNoEviction } from './connection.ts'
import type { Relay } from './relay.ts'
import type { RunningWorker } from './worker.ts'

type WorkerConfig = {
  logLevel: string
  ops: { host: string; port: number }
  redisUrl: string
  database: { url: string }
}
type WorkerDeps = { db: Db; relay: Relay; close(): Promise<void> }

type WorkerApp<C extends WorkerConfig, D extends WorkerDeps> = {
  /** As its log lines say it, e.g. `image-worker`. */
  name: string
  readConfig: () => C
  /** The clock is that of Postgres. */
  createDeps: (config: C, log: Logger, clock: CorrectedClock) => D
  /** What must hold for this app beside what holds for every worker; run once the database is known to be migrated. */
  startChecks?: (deps: D, config: C) => StartCheck[]
  start: (deps: D, config: C) => Pick<RunningWorker, 'probe' | 'close'>
}

/**
 * The whole life of a worker app: configuration → deps → what must hold before it may start → its worker → its ops server,
 * and all of it backwards at the end. It is ready while it can write to Postgres and to Redis and its clock is right; it
 * starts without Redis and waits for it.
 */
export async function runWorkerProcess<C extends WorkerConfig, D extends WorkerDeps>(
  app: WorkerApp<C, D>,
): Promise<void> {
  const log = createLogger({ name: app.name })
  await runProcess({
    log,
    async start() {
      const config = app.readConfig()
      log.level = config.logLevel
      const clock = createCorrectedClock()
      // Whether Postgres is there is asked next, and told.
      await correctAtStart(config.database.url, clock).catch(() => {})
      const deps = app.createDeps(config, log, clock)
      await assertMigrated(deps.db)
      await runStartChecks([() => assertNoEviction(config.redisUrl), ...(app.startChecks?.(deps, config) ?? [])])
      const worker = app.start(deps, config)
      const readiness = await watchReadiness({
        needed: [
          watchDependency({ name: 'postgres', log, connections: [{ name: 'pool', ask: () => askByWrite(deps.db) }] }),
          watchDependency({
            name: 'redis',
            log,
            connections: [
              { name: 'worker', ask: worker.probe },
              { name: 'publisher', ask: deps.relay.probe },
            ],
          }),
        ],
        clock: watchClock({ measure: () => measureClock(deps.db, clock), log }),
        hasClockStepped: clock.hasStepped,
      })
      const ops = await startOpsServer({ ...config.ops, obstacles: readiness.obstacles })
      return {
        async close() {
          readiness.close()
          await worker.close()
          await ops.close()
          await deps.close()
        },
      }
    },
  })
}
