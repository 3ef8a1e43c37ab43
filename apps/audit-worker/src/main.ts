import { runWorkerProcess } from '@muster/jobs/worker'
import { checkKeyRings } from '@muster/keys'
import { startAuditWorker } from './audit-worker.ts'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'

await runWorkerProcess({
  name: 'audit-worker',
  readConfig,
  createDeps,
  startChecks: (deps) => [() => checkKeyRings(deps, { AUDIT_KEYS: deps.keys })],
  start: startAuditWorker,
})
