import { tmpdir } from 'node:os'
import { runWorkerProcess } from '@muster/jobs/worker'
import { storageCheck } from '@muster/storage'
import { scannerCheck, storageFolders } from '@muster/storage/config'
import { folderCheck, watchDependency } from '@muster/telemetry'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startImageWorker } from './image-worker.ts'
import { returnMemoryAtOnce } from './process/allocator.ts'

returnMemoryAtOnce()

await runWorkerProcess({
  name: 'image-worker',
  readConfig,
  createDeps,
  startChecks: ({ log, storage }, { storage: settings, scan }) => [
    ...[
      { path: tmpdir(), what: 'The folder for temporary files', variable: 'TMPDIR' },
      ...storageFolders(settings),
    ].map((folder) => folderCheck(folder, log)),
    storageCheck(storage, log),
    scannerCheck(scan),
  ],
  useful: ({ log, storage, scanner }) => [
    watchDependency({ name: 'scanner', log, connections: [{ name: 'command', ask: scanner.check }] }),
    watchDependency({ name: 'files', log, connections: [{ name: 'storage', ask: storage.verify }] }),
  ],
  start: startImageWorker,
})
