import { runWorkerProcess } from '@muster/jobs/worker-process'
import { startAuditWorker } from './audit-worker.ts'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'

await runWorkerProcess({
  name: 'audit-worker',
  readConfig,
  createDeps,
  start: startAuditWorker,
})
