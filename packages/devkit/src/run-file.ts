import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writePrivateJson } from './secrets.ts'
import { commandLineOf, isAlive, stopProcess } from './services/processes.ts'

/** MUSTER_HOME/run.json: what runs right now, for scripts. */
export type RunFile = {
  home: string
  /** Of the supervisor. */
  pid: number
  startedAt: string
  urls: {
    api: string
    docs: string
    /** Absent when SMTP_URL points elsewhere. */
    inbox?: string
    postgres: string
    redis: string
    smtp: string
  }
  admin: { email: string }
  processes: RunningProcess[]
}

export type RunningProcess = {
  name: string
  pid: number
  kind: 'app' | 'service'
  port?: number
  opsPort?: number
  /** Part of its command line, which tells it from a later process with the same pid. */
  mark: string
}

const pathIn = (home: string) => join(home, 'run.json')

export function readRunFile(home: string): RunFile | undefined {
  return readJson<RunFile>(pathIn(home))
}

export function writeRunFile(run: RunFile): void {
  writePrivateJson(pathIn(run.home), run)
}

export function removeRunFile(home: string): void {
  rmSync(pathIn(home), { force: true })
}

/**
 * Stops what an earlier run of this home left behind: apps first, so that they can still finish.
 * @returns the names of what still ran
 */
export async function stopLeftovers(home: string): Promise<string[]> {
  const processes = readRunFile(home)?.processes ?? []
  const left = processes.filter(({ pid, mark }) => isAlive(pid) && commandLineOf(pid).includes(mark))
  for (const kind of ['app', 'service'] as const) {
    const those = left.filter((process) => process.kind === kind)
    await Promise.all(
      those.map(({ pid, name }) => stopProcess(pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM', 28_000)),
    )
  }
  removeRunFile(home)
  return left.map(({ name }) => name)
}
