import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from '../start-error.ts'

/** A child process that serves others: a database, a cache, an inbox. */
export type Service = {
  name: string
  url: string
  port: number
  pid: number
  process: ChildProcess
  /** Ends it in its own orderly way and resolves once it is gone. */
  stop(): Promise<void>
}

/** Called as soon as the process exists, before it is ready. */
export type OnSpawn = (child: ChildProcess) => void

export type SpawnOptions = {
  logFile: string
  onSpawn?: OnSpawn
  env?: NodeJS.ProcessEnv
  uid?: number
  gid?: number
  cwd?: string
}

const maxLogBytes = 10 * 1024 * 1024

/**
 * Starts a program in a process group of its own, so that Ctrl-C in the terminal reaches only the supervisor, which
 * then stops the children in order. Its output is appended to a file, which outlives a supervisor that crashes.
 */
export function spawnService(command: string, args: string[], options: SpawnOptions): ChildProcess {
  const { logFile, onSpawn, ...rest } = options
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, sizeOf(logFile) > maxLogBytes ? 'w' : 'a', 0o600)
  try {
    const child = spawn(command, args, { ...rest, detached: true, stdio: ['ignore', log, log] })
    onSpawn?.(child)
    return child
  } finally {
    closeSync(log)
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The last lines of a log, for a message that says why something did not start. */
export function tailOf(path: string, lines = 8): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return ''
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !isZombie(pid)
}

/** A dead child that nobody has waited for (its parent was killed too) still answers to signal 0. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** The command line of a process, empty when it is gone; tells an old child of ours from a stranger with its pid. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    if (process.platform === 'linux') return ''
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

/** Resolves to whether the process was gone before the deadline. */
export async function waitForExit(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (isAlive(pid)) {
    if (Date.now() >= deadline) return false
    await sleep(15)
  }
  return true
}

/** Sends the signal, waits, and kills what is still there after the grace. */
export async function stopProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!send(pid, signal)) return
  if (await waitForExit(pid, graceMs)) return
  // A frozen process does not act on anything but SIGKILL.
  send(pid, 'SIGKILL')
  await waitForExit(pid, 5_000)
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Polls until the check holds. When the process ends before, or is too slow and is killed, tells the end of its log. */
export async function waitUntilReady(
  child: ChildProcess,
  name: string,
  logFile: string | undefined,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  let spawnError: Error | undefined
  child.once('error', (error) => {
    spawnError = error
  })
  while (!(await check())) {
    const isOver = spawnError || child.exitCode !== null || child.signalCode !== null
    if (isOver || Date.now() >= deadline) {
      child.kill('SIGKILL')
      const fate = spawnError?.message ?? (isOver ? 'ended while starting' : `was not ready after ${timeoutMs} ms`)
      throw new StartError(`${name} ${fate}.${logFile ? ` The end of ${logFile}:\n${tailOf(logFile)}` : ''}`)
    }
    await sleep(15)
  }
}
