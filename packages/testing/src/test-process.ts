import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '@muster/devkit'
import type { TestContext } from 'vitest'
import { endWithTest } from './end-with-test.ts'
import { eventually } from './eventually.ts'
import { inheritedEnv } from './inherited-env.ts'
import { programFile } from './program-file.ts'

export type TestProcess = {
  child: ChildProcess
  /** Returns all that the process has written to stdout and stderr so far. */
  output(): string
  /** Resolves when the process has ended and its output is read. The code is null when a signal ended it. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Sends a signal unless the process has ended, and waits for its end. @returns the exit code; null when the signal ended it */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

export type ReadyProcess = TestProcess & { opsUrl: string }

/** Generous, because a start takes several seconds while other tests use all cores. */
const readyTimeoutMs = 60_000

type Env = Record<string, string | undefined>

/**
 * Starts an app's main file as a process of its own, which is killed when the test ends. Its environment is `env` and nothing of the
 * test's own but {@link inheritedEnv}.
 * @param context of the test; needed in a test that runs concurrently with others
 */
export function startTestProcess(mainFile: URL, env: Env, context?: Pick<TestContext, 'onTestFinished'>): TestProcess {
  const child = spawn(process.execPath, [programFile(mainFile)], {
    env: { ...inheritedEnv(), NODE_ENV: 'test', OPS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWithTest(child, context)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  return {
    child,
    output: () => output,
    ended,
    async stop(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return (await ended).code
    },
  }
}

/** Starts a process like {@link startTestProcess} and waits until its ops port answers that it is ready. */
export async function startReadyProcess(
  mainFile: URL,
  env: Env,
  context?: Pick<TestContext, 'onTestFinished'>,
): Promise<ReadyProcess> {
  const opsPort = await freePort()
  const started = startTestProcess(mainFile, { ...env, OPS_PORT: String(opsPort) }, context)
  const opsUrl = `http://127.0.0.1:${opsPort}`
  const isReady = async () => {
    const { exitCode, signalCode } = started.child
    if (exitCode !== null || signalCode !== null) return false
    const { ok, status } = await fetch(`${opsUrl}/readyz`)
    if (!ok) throw new Error(`/readyz answers ${status}:\n${started.output()}`)
    return true
  }
  if (await eventually(isReady, { timeoutMs: readyTimeoutMs })) return { ...started, opsUrl }
  throw new Error(`the process ended before it was ready:\n${started.output()}`)
}
