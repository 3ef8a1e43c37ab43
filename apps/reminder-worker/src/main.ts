import { runWorkerProcess } from '@muster/jobs/worker'
import { reportZones } from '@muster/zones'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startReminderWorker } from './reminder-worker.ts'

await runWorkerProcess({
  name: 'reminder-worker',
  readConfig,
  createDeps,
  start: (deps, config) => {
    void reportZones(deps)
    return startReminderWorker(deps, config)
  },
})
