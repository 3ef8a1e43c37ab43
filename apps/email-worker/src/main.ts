import { runWorkerProcess } from '@muster/jobs/worker'
import { checkKeyRings } from '@muster/keys'
import { readConfig } from './config.ts'
import { createDeps } from './deps.ts'
import { startEmailWorker } from './email-worker.ts'

await runWorkerProcess({
  name: 'email-worker',
  readConfig,
  createDeps,
  startChecks: (deps) => [() => checkKeyRings(deps, { MAIL_CODE_KEYS: deps.codeKeys })],
  start: startEmailWorker,
})
