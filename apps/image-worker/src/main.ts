import { tmpdir } from 'node:os'
import { runWorkerProcess } from '@muster/jobs/worker'
import { storageFolders } from '@muster/storage/config'
import { folderCheck } from '@muster/telemetry'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startImageWorker } from './image-worker.ts'
import { returnMemoryAtOnce } from './process/allocator.ts'

returnMemoryAtOnce()

await runWorkerProcess({
  name: 'image-worker',
  readConfig,
  createDeps,
  startChecks: ({ log }, { storage }) =>
    [{ path: tmpdir(), what: 'The folder for temporary files', variable: 'TMPDIR' }, ...storageFolders(storage)].map(
      (folder) => folderCheck(folder, log),
    ),
  start: startImageWorker,
})
