import { assertMigrated, findOddSettings } from '@muster/db'
import { assertNoEviction } from '@muster/jobs/connection'
import { createLogger } from '@muster/logger'
import { lowerThreadPoolPriority } from '@muster/security'
import { storageFolders } from '@muster/storage/config'
import { folderCheck, runProcess, runStartChecks, startOpsServer } from '@muster/telemetry'
import { reportZones } from '@muster/zones'
import { buildApp } from './app.ts'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { ensureBootstrapAdmin } from './modules/users/bootstrap-admin.ts'

const log = createLogger({ name: 'api' })

await runProcess({
  log,
  async start() {
    const config = readConfig()
    log.level = config.logLevel
    const deps = createDeps(config, log)
    await assertMigrated(deps.db)
    for (const sentence of await findOddSettings(deps.db)) log.warn(sentence)
    const staging = {
      path: config.stagingDir,
      what: 'The folder that checks uploads',
      variable: 'STAGING_DIR',
      isMade: true,
    }
    await runStartChecks([
      () => assertNoEviction(config.redisUrl),
      ...[staging, ...storageFolders(config.storage)].map((folder) => folderCheck(folder, log)),
    ])
    await ensureBootstrapAdmin(deps)
    const app = await buildApp(deps)
    // Nobody who comes with the first connection should be told to come again.
    await deps.revocations.loaded
    await app.listen(config.http)
    lowerThreadPoolPriority()
    void reportZones(deps)
    const ops = await startOpsServer({ ...config.ops, log, ready: async () => deps.revocations.isFresh() })
    return {
      async close() {
        await ops.close()
        await app.close()
        await deps.close()
      },
    }
  },
})
