import { runWorkerProcess } from '@muster/jobs/worker-process'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startEmailWorker } from './worker.ts'

await runWorkerProcess({
  name: 'email-worker',
  readConfig,
  createDeps,
  start: startEmailWorker,
})
