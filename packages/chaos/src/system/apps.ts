import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { freePort, type Reaper } from '@muster/devkit'
import { eventually, inheritedEnv } from '@muster/testing'
import { entryFile, root, sourceFile } from './programs.ts'

export const workerNames = ['email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const
export const appNames = ['api', ...workerNames] as const
export type AppName = (typeof appNames)[number]

export type Exit = { code: number | null; signal: NodeJS.Signals | null; durationMs: number }

/** A running process of Muster and the faults that a test can inject into it. */
export type App = {
  name: AppName
  pid: number
  /** The address of the API. For a worker it is the same as `opsUrl`. */
  url: string
  opsUrl: string
  /** Returns everything that the process has written so far. */
  output(): string
  isRunning(): boolean
  exited: Promise<Omit<Exit, 'durationMs'>>
  isReady(): Promise<boolean>
  /** Kills the process with SIGKILL and waits until it has exited. */
  kill(): Promise<Exit>
  /** Freezes the process (SIGSTOP) until `thaw`. */
  freeze(): void
  thaw(): void
  /** Sends SIGTERM, as a deployment does, and waits until the process has exited. */
  terminate(): Promise<Exit>
}

export type Env = Record<string, string>

/** `checkout`: the folder of the code, when it is that of another release, which runs from its sources. */
type SpawnOptions = { env: Env; port?: number; opsPort?: number; reaper: Reaper; checkout?: string }

const startLimitMs = 60_000

/** Starts the process without waiting until it is live. */
export async function spawnApp(name: AppName, options: SpawnOptions): Promise<App> {
  const { env, reaper, checkout, port: ownPort = await freePort(), opsPort = await freePort() } = options
  const child = spawn(process.execPath, [checkout ? sourceFile(name, checkout) : entryFile(name)], {
    cwd: join(checkout ?? root, 'apps', name),
    // The process gets nothing else of the test run's environment.
    env: { ...inheritedEnv(), PORT: String(ownPort), OPS_PORT: String(opsPort), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid as number
  reaper.watch({ pid, kind: 'app', signal: 'SIGKILL' })
  const output = collectOutput(child)
  const exited = new Promise<Omit<Exit, 'durationMs'>>((resolve) => {
    // At `exit` the last output may still be in the pipe; `close` comes after it.
    child.once('close', (code, signal) => {
      reaper.unwatch(pid)
      resolve({ code, signal })
    })
  })
  const end = async (signal: NodeJS.Signals): Promise<Exit> => {
    const startMs = performance.now()
    child.kill(signal)
    return { ...(await exited), durationMs: performance.now() - startMs }
  }
  const opsUrl = `http://127.0.0.1:${opsPort}`
  return {
    name,
    pid,
    url: name === 'api' ? `http://127.0.0.1:${ownPort}` : opsUrl,
    opsUrl,
    output,
    isRunning: () => isRunning(child),
    exited,
    isReady: () => isOk(`${opsUrl}/readyz`),
    kill: () => end('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    terminate: () => end('SIGTERM'),
  }
}

/** Starts the process and waits until it is ready. @throws with its last output when it exits first or is too slow */
export async function startApp(name: AppName, options: SpawnOptions): Promise<App> {
  const app = await spawnApp(name, options)
  await eventually(
    async () => {
      if (!app.isRunning() || (await app.isReady())) return
      throw new Error(`The ${name} is not ready:\n${app.output().slice(-2_000)}`)
    },
    { timeoutMs: startLimitMs, intervalMs: 30 },
  )
  if (!app.isRunning()) throw new Error(`The ${name} exited during its start:\n${app.output().slice(-2_000)}`)
  return app
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null

function collectOutput({ stdout, stderr }: ChildProcess): () => string {
  let output = ''
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return () => output
}

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}
