import { parseEnv, processEnv, processSettings, workerConcurrency } from '@muster/config'
import { refuseStorage, scanEnv, scanSettings, storageEnv, storageSettings } from '@muster/storage/config'
import { z } from 'zod'

const env = z.object({
  ...processEnv({ opsPort: 9_104 }),
  ...storageEnv(),
  ...scanEnv(),
  /** Images that are processed at the same time. Each may need some 300 MB, so more processes are better than a higher number. */
  WORKER_CONCURRENCY: workerConcurrency(1),
})

/** Reads the image worker's environment. @throws ConfigError naming everything that is wrong */
export function readConfig(source: NodeJS.ProcessEnv = process.env) {
  const read = parseEnv(env.superRefine(refuseUnsafe, { when: () => true }), source)
  return Object.freeze({
    ...processSettings(read),
    concurrency: read.WORKER_CONCURRENCY,
    storage: storageSettings(read),
    scan: scanSettings(read),
  })
}

export type Config = ReturnType<typeof readConfig>

/** Also runs when another field is invalid, so that all faults are named at once. */
function refuseUnsafe(read: Partial<z.output<typeof env>>, ctx: z.RefinementCtx) {
  refuseStorage(read, (name, message) => ctx.addIssue({ code: 'custom', path: [name], message }))
}
