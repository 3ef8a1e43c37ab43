import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { endWithTest, freePort } from '@muster/testing'
import type { Harness } from './harness.ts'

export type WorkerProcess = {
  opsUrl: string
  /** The most memory that the process has held so far; Linux tells it. */
  peakBytes(): Promise<number>
  /** @returns the exit code, null when a signal ended it */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/**
 * A worker as it runs in production: a process of its own, ready to work.
 * @param env comes before what the harness has
 */
export async function startWorkerProcess(harness: Harness, env: Record<string, string> = {}): Promise<WorkerProcess> {
  const opsPort = await freePort()
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      DATABASE_URL: harness.databaseUrl,
      REDIS_URL: harness.redisUrl,
      STORAGE_LOCAL_DIR: harness.storageDir,
      OPS_PORT: String(opsPort),
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  endWithTest(child)
  const opsUrl = `http://127.0.0.1:${opsPort}`
  await waitUntilReady(child, opsUrl)
  return {
    opsUrl,
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
    },
    async stop(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal)
        await once(child, 'exit')
      }
      return child.exitCode
    },
  }
}

async function waitUntilReady(child: ChildProcess, opsUrl: string): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(`${opsUrl}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the worker ended with ${child.exitCode}`)
}
