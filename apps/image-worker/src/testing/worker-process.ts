import { readFile } from 'node:fs/promises'
import { type ReadyProcess, startReadyProcess } from '@muster/testing'
import type { TestContext } from 'vitest'
import type { Harness } from './harness.ts'

export const mainFile = new URL('../main.ts', import.meta.url)

export type WorkerProcess = ReadyProcess & {
  /** Reads the most memory that the process has used so far, on Linux. */
  peakBytes(): Promise<number>
}

/** The environment of a worker that uses the harness's database, Redis and storage. */
export const environmentOf = ({ databaseUrl, redisUrl, storageDir }: Harness): Record<string, string> => ({
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  STORAGE_LOCAL_DIR: storageDir,
  LOG_LEVEL: 'warn',
})

/**
 * Starts an image worker as a process of its own and waits until it is ready.
 * @param env overrides the environment of the harness
 */
export async function startWorkerProcess(
  harness: Harness,
  context: Pick<TestContext, 'onTestFinished'>,
  env: Record<string, string> = {},
): Promise<WorkerProcess> {
  const worker = await startReadyProcess(mainFile, { ...environmentOf(harness), ...env }, context)
  return {
    ...worker,
    async peakBytes() {
      const status = await readFile(`/proc/${worker.child.pid}/status`, 'utf8')
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
    },
  }
}
