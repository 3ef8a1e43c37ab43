import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from './start-error.ts'

/** A running child process, e.g. a database or an app. */
export type Service = {
  name: string
  url: string
  port: number
  pid: number
  process: ChildProcess
  /** Shuts it down gracefully and resolves once it has exited. */
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
 * Starts a program in a process group of its own: Ctrl-C in the terminal reaches only the supervisor, which then stops its
 * child processes in order. The output is appended to a file, so that it survives a crash of the supervisor.
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

/** Reads the last lines of a log, for the message of a failed start. */
export function tailOf(path: string, lines = 8): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return ''
  }
}

/** Tests whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !isZombie(pid)
}

/** A process that exited still accepts signal 0 until its parent collects it, which a killed parent never does. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Reads the command line of a process, which distinguishes a former child from another process with its pid. Empty when gone. */
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

/** Waits until a process exits. @returns false when it still runs after the timeout */
export async function waitForExit(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (isAlive(pid)) {
    if (Date.now() >= deadline) return false
    await sleep(15)
  }
  return true
}

/** Sends the signal, and kills the process when it still runs after the grace. */
export async function stopProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!send(pid, signal)) return
  if (await waitForExit(pid, graceMs)) return
  // A frozen process handles no other signal.
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

const readinessPollMs = 50

/**
 * Polls until the check holds. Kills a process that is too slow: a machine with much else to do may need minutes for what takes a second.
 * @throws StartError with the end of the log when the process exits before, or is too slow
 */
export async function waitUntilReady(
  child: ChildProcess,
  name: string,
  logFile: string | undefined,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 120_000,
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
      const failure = spawnError?.message ?? (isOver ? 'ended while starting' : `was not ready after ${timeoutMs} ms`)
      throw new StartError(`${name} ${failure}.${logFile ? ` The end of ${logFile}:\n${tailOf(logFile)}` : ''}`)
    }
    await sleep(readinessPollMs)
  }
}
