import { runWorkerProcess } from '@muster/jobs/worker-process'
import { returnMemoryAtOnce } from './allocator.ts'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startImageWorker } from './image-worker.ts'

returnMemoryAtOnce()

await runWorkerProcess({
  name: 'image-worker',
  readConfig,
  createDeps,
  start: startImageWorker,
})
