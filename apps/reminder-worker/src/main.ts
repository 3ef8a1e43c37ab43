import { assertMigrated } from '@muster/db'
import { assertNoEviction } from '@muster/jobs/connection'
import { createLogger } from '@muster/logger'
import { runProcess, startOpsServer } from '@muster/telemetry'
import { sql } from 'kysely'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startReminderWorker } from './reminder-worker.ts'

const log = createLogger({ name: 'reminder-worker' })

await runProcess({
  log,
  start: async () => {
    const config = readConfig()
    log.level = config.LOG_LEVEL
    const deps = createDeps(config, log)
    await assertMigrated(deps.db)
    await assertNoEviction(deps.redisUrl)
    const worker = startReminderWorker(deps, {
      concurrency: config.WORKER_CONCURRENCY,
      tickMs: config.REMINDER_TICK_MS,
    })
    const ops = await startOpsServer({
      host: config.OPS_HOST,
      port: config.OPS_PORT,
      ready: async () => (await sql`select 1`.execute(deps.db)).rows.length === 1,
      log,
    })
    return {
      async close() {
        await worker.close()
        await deps.relay.close()
        await ops.close()
        await deps.db.destroy()
      },
    }
  },
})
