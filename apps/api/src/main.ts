import {
  assertMigrated,
  correctAtStart,
  createCorrectedClock,
  findSessionFaults,
  readInstallationId,
  readRestoreMark,
} from '@muster/db'
import { reportError, startErrorReports } from '@muster/error-reports'
import { checkKeyRings } from '@muster/keys'
import { createLogger } from '@muster/logger'
import { checkRedis } from '@muster/redis'
import { lowerThreadPoolPriority } from '@muster/security/hashing-priority'
import { storageCheck } from '@muster/storage'
import { storageFolders } from '@muster/storage/config'
import { folderCheck, runProcess, runStartChecks, startOpsServer, watchReadiness } from '@muster/telemetry'
import { measurePools } from '@muster/telemetry/pools'
import { startTracing } from '@muster/tracing'
import { reportZones } from '@muster/zones'
import { buildApp } from './app.ts'
import { readConfig, ringsOf } from './config.ts'
import { createDeps } from './deps.ts'
import { assertPages } from './http/pages.ts'
import { ensureBootstrapAdmin } from './modules/admin/create-super-admin.ts'
import { startMinuteSamples } from './modules/admin/minute-samples.ts'
import { queuesPage } from './queues-page.ts'
import { registerSourceMetrics } from './source-metrics.ts'

const log = createLogger({ name: 'api' })

measurePools()

await runProcess({
  log,
  onCrash: reportError,
  async start(stopping) {
    const config = readConfig()
    log.level = config.logLevel
    const tracing = await startTracing({ name: 'api', settings: config.tracing, log })
    const errorReports = await startErrorReports({ name: 'api', settings: config.errorReports, log })
    const clock = createCorrectedClock()
    // When Postgres is unavailable, the next call reports it.
    await correctAtStart(config.database, clock).catch(() => {})
    const deps = createDeps(config, log, clock)
    await assertMigrated(deps.db)
    for (const warning of await findSessionFaults(deps.db, 'api', config.database)) {
      log.warn({ component: 'postgres', detail: warning }, 'database session not as needed')
    }
    const staging = {
      path: config.stagingDir,
      what: 'The staging folder of uploads',
      variable: 'STAGING_DIR',
      isMade: true,
    }
    await runStartChecks([
      async () => checkRedis(config.redis, await readInstallationId(deps.db)),
      ...[staging, ...storageFolders(config.storage)].map((folder) => folderCheck(folder, log)),
      storageCheck(deps.storage, log),
      () => assertPages(config),
      () => checkKeyRings(deps, ringsOf(config), { onlyVerifying: ['AUDIT_KEYS'] }),
    ])
    await ensureBootstrapAdmin(deps)
    const app = await buildApp({ ...deps, restoreMark: await readRestoreMark(deps.db) })
    // The first request must not be answered 503.
    await deps.revocations.loaded
    // The event is what stands before the comma.
    await app.listen({ ...config.http, listenTextResolver: (address) => `listening, at ${address}` })
    lowerThreadPoolPriority()
    void reportZones(deps)
    registerSourceMetrics(deps)
    const endSamples = startMinuteSamples(deps)
    const { postgres, redis, replica, files, clock: clockWatch, hasClockStepped } = deps.health
    const readiness = await watchReadiness({
      needed: [postgres],
      useful: [redis, files, ...(replica ? [replica] : [])],
      clock: clockWatch,
      hasClockStepped,
    })
    const ops = await startOpsServer({
      ...config.ops,
      obstacles: readiness.obstacles,
      stopping,
      pages: { '/queues': queuesPage(deps) },
    })
    return {
      shutdownDelayMs: config.shutdownDelayMs,
      async close() {
        readiness.close()
        await endSamples()
        await app.close()
        await deps.close()
        await Promise.all([tracing.close(), errorReports.close()])
        await ops.close()
      },
    }
  },
})
