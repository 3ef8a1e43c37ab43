import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { freePort, type Reaper } from '@muster/devkit'
import { eventually } from '@muster/testing'

export const root = resolve(import.meta.dirname, '../../../..')

export const workerNames = ['email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const
export type AppName = 'api' | (typeof workerNames)[number]

export type Exit = { code: number | null; signal: NodeJS.Signals | null; durationMs: number }

/** A real process of Muster, and everything that can happen to one. */
export type App = {
  name: AppName
  pid: number
  /** Of the API; the ops server of a worker. */
  url: string
  opsUrl: string
  /** Everything that it has written until now. */
  output(): string
  isRunning(): boolean
  exited: Promise<Omit<Exit, 'durationMs'>>
  isReady(): Promise<boolean>
  /** kill -9, at once; resolves when it is gone. */
  kill(): Promise<Exit>
  /** It stops in the middle of whatever it does, until `thaw`. */
  freeze(): void
  thaw(): void
  /** SIGTERM, as a deployment sends it. */
  terminate(): Promise<Exit>
}

export type Env = Record<string, string>

type SpawnOptions = { env: Env; port?: number; reaper: Reaper }

const bootMs = 60_000

/** Starts the process without waiting for anything. */
export async function spawnApp(name: AppName, { env, port, reaper }: SpawnOptions): Promise<App> {
  const opsPort = await freePort()
  const ownPort = port ?? (await freePort())
  const child = spawn(process.execPath, [join(root, 'apps', name, 'src/main.ts')], {
    cwd: join(root, 'apps', name),
    // Nothing of the environment of the tests reaches it.
    env: { PATH: process.env.PATH, PORT: String(ownPort), OPS_PORT: String(opsPort), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid as number
  reaper.watch({ pid, kind: 'app', signal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const exited = new Promise<Omit<Exit, 'durationMs'>>((settle) => {
    // Not `exit`: what it wrote last may still be in the pipe then.
    child.once('close', (code, signal) => {
      reaper.unwatch(pid)
      settle({ code, signal })
    })
  })
  const end = async (signal: NodeJS.Signals): Promise<Exit> => {
    const startMs = performance.now()
    child.kill(signal)
    return { ...(await exited), durationMs: performance.now() - startMs }
  }
  const app: App = {
    name,
    pid,
    url: `http://127.0.0.1:${name === 'api' ? ownPort : opsPort}`,
    opsUrl: `http://127.0.0.1:${opsPort}`,
    output: () => output,
    isRunning: () => isRunning(child),
    exited,
    isReady: () => isOk(`http://127.0.0.1:${opsPort}/readyz`),
    kill: () => end('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    terminate: () => end('SIGTERM'),
  }
  return app
}

/** Starts the process and waits until it says that it is ready. @throws with its output when it ends before */
export async function startApp(name: AppName, options: SpawnOptions): Promise<App> {
  const app = await spawnApp(name, options)
  await eventually(
    async () => {
      if (!app.isRunning() || (await app.isReady())) return
      throw new Error(`The ${name} is not ready:\n${app.output().slice(-2_000)}`)
    },
    { timeoutMs: bootMs, intervalMs: 30 },
  )
  if (!app.isRunning()) throw new Error(`The ${name} ended while it started:\n${app.output().slice(-2_000)}`)
  return app
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}
