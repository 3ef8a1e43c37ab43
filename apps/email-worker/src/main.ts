import { assertMigrated } from '@muster/db'
import { assertNoEviction } from '@muster/jobs/connection'
import { createLogger } from '@muster/logger'
import { runProcess, startOpsServer } from '@muster/telemetry'
import { sql } from 'kysely'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startEmailWorker } from './worker.ts'

const log = createLogger({ name: 'email-worker' })

await runProcess({
  log,
  async start() {
    const config = readConfig()
    log.level = config.logLevel
    const deps = createDeps(config, log)
    await assertMigrated(deps.db)
    await assertNoEviction(deps.redisUrl)
    const worker = startEmailWorker(deps, config)
    const ops = await startOpsServer({
      ...config.ops,
      log,
      async ready() {
        await sql`select 1`.execute(deps.db)
        return worker.bullWorker.isRunning()
      },
    })
    return {
      async close() {
        await ops.close()
        await worker.close()
        await deps.close()
      },
    }
  },
})
