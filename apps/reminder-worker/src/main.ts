import { runWorkerProcess } from '@muster/jobs/worker-process'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startReminderWorker } from './reminder-worker.ts'

await runWorkerProcess({
  name: 'reminder-worker',
  readConfig,
  createDeps,
  start: startReminderWorker,
})
