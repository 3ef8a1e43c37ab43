import type { ErrorReportsSettings, TracingSettings } from '@muster/config'
import {
  askByWrite,
  assertMigrated,
  type CorrectedClock,
  correctAtStart,
  createCorrectedClock,
  type DatabaseSettings,
  type Db,
  findSessionFaults,
  measureClock,
  readInstallationId,
} from '@muster/db'
import { reportError, startErrorReports } from '@muster/error-reports'
import { createLogger, type Logger } from '@muster/logger'
import { checkRedis, type RedisSettings } from '@muster/redis'
import {
  type Dependency,
  runProcess,
  runStartChecks,
  type StartCheck,
  startOpsServer,
  watchClock,
  watchDependency,
  watchReadiness,
} from '@muster/telemetry'
import { measurePools } from '@muster/telemetry/pools'
import { startTracing } from '@muster/tracing'
import type { Publisher } from '../outbox/publisher.ts'
import type { RunningWorker } from './worker.ts'

type WorkerConfig = {
  logLevel: string
  tracing: TracingSettings | undefined
  errorReports: ErrorReportsSettings | undefined
  ops: { host: string; port: number }
  shutdownDelayMs: number
  redis: RedisSettings
  database: DatabaseSettings
}
type WorkerDeps = { db: Db; publisher: Publisher; close(): Promise<void> }

type WorkerApp<C extends WorkerConfig, D extends WorkerDeps> = {
  /** The name in its log lines, e.g. `image-worker`. */
  name: string
  readConfig: () => C
  /** @param clock follows the clock of Postgres */
  createDeps: (config: C, log: Logger, clock: CorrectedClock) => D
  /** Checks of this app beside those of every worker; they run when the database is known to be migrated. */
  startChecks?: (deps: D, config: C) => StartCheck[]
  /** Further dependencies, which are checked and logged but do not affect readiness. */
  useful?: (deps: D) => Dependency[]
  start: (deps: D, config: C) => Pick<RunningWorker, 'probe' | 'close'>
}

/** The time that aborted jobs and the connections need at the end of the drain. */
const abortReserveMs = 5_000

/**
 * Runs a worker app: configuration → deps → start checks → worker → ops server, and closes them in reverse order at the end.
 * It is ready while it can write to Postgres and to Redis and its clock is right; it starts without Redis and waits for it.
 */
export async function runWorkerProcess<C extends WorkerConfig, D extends WorkerDeps>(
  app: WorkerApp<C, D>,
): Promise<void> {
  measurePools()
  const log = createLogger({ name: app.name })
  await runProcess({
    log,
    onCrash: reportError,
    async start(stopping) {
      const config = app.readConfig()
      log.level = config.logLevel
      const tracing = await startTracing({ name: app.name, settings: config.tracing, log })
      const errorReports = await startErrorReports({ name: app.name, settings: config.errorReports, log })
      const clock = createCorrectedClock()
      // A Postgres that does not respond is reported by the next step.
      await correctAtStart(config.database, clock).catch(() => {})
      const deps = app.createDeps(config, log, clock)
      await assertMigrated(deps.db)
      for (const warning of await findSessionFaults(deps.db, 'worker', config.database)) {
        log.warn({ component: 'postgres', detail: warning }, 'database session not as needed')
      }
      await runStartChecks([
        async () => checkRedis(config.redis, await readInstallationId(deps.db)),
        ...(app.startChecks?.(deps, config) ?? []),
      ])
      const worker = app.start(deps, config)
      const readiness = await watchReadiness({
        needed: [
          watchDependency({ name: 'postgres', log, connections: [{ name: 'pool', ask: () => askByWrite(deps.db) }] }),
          watchDependency({
            name: 'redis',
            log,
            connections: [
              { name: 'worker', ask: worker.probe },
              { name: 'publisher', ask: deps.publisher.probe },
            ],
          }),
        ],
        useful: app.useful?.(deps) ?? [],
        clock: watchClock({ measure: () => measureClock(deps.db, clock), log }),
        hasClockStepped: clock.hasStepped,
      })
      const ops = await startOpsServer({ ...config.ops, obstacles: readiness.obstacles, stopping })
      return {
        shutdownDelayMs: config.shutdownDelayMs,
        async close(limitMs) {
          readiness.close()
          await worker.close(limitMs - abortReserveMs)
          await deps.close()
          await Promise.all([tracing.close(), errorReports.close()])
          await ops.close()
        },
      }
    },
  })
}
