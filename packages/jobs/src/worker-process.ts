import { assertMigrated, type Db } from '@muster/db'
import { createLogger, type Logger } from '@muster/logger'
import { runProcess, runStartChecks, type StartCheck, startOpsServer } from '@muster/telemetry'
import { sql } from 'kysely'
import { assertNoEviction } from './connection.ts'

type WorkerConfig = { logLevel: string; ops: { host: string; port: number }; redisUrl: string }
type WorkerDeps = { db: Db; close(): Promise<void> }

type WorkerApp<C extends WorkerConfig, D extends WorkerDeps> = {
  /** As its log lines say it, e.g. `image-worker`. */
  name: string
  readConfig: () => C
  createDeps: (config: C, log: Logger) => D
  /** What must hold for this app beside what holds for every worker; run once the database is known to be migrated. */
  startChecks?: (deps: D, config: C) => StartCheck[]
  start: (deps: D, config: C) => { close(): Promise<void> }
}

/**
 * The whole life of a worker app: configuration → deps → what must hold before it may start → its worker → its ops server,
 * and all of it backwards at the end. It is ready while it can ask Postgres; Redis it waits for.
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
      const deps = app.createDeps(config, log)
      await assertMigrated(deps.db)
      await runStartChecks([() => assertNoEviction(config.redisUrl), ...(app.startChecks?.(deps, config) ?? [])])
      const worker = app.start(deps, config)
      const ops = await startOpsServer({
        ...config.ops,
        log,
        ready: async () => (await sql`select 1`.execute(deps.db)).rows.length === 1,
      })
      return {
        async close() {
          await worker.close()
          await ops.close()
          await deps.close()
        },
      }
    },
  })
}
