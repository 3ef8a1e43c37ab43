import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { commandLineOf, isAlive, type RunningProcess, stopProcess } from '@muster/supervisor'
import { readJson, writePrivateJson } from './secrets.ts'

/** The content of MUSTER_HOME/run.json: the running processes and their addresses, for scripts. */
export type RunFile = {
  home: string
  /** The supervisor's process id. */
  pid: number
  startedAt: string
  urls: {
    api: string
    docs: string
    /** The pages for people; absent when WEB_ROOT is `none`. */
    pages?: string
    /** Absent when SMTP_URL names another mail server. */
    inbox?: string
    postgres: string
    redis: string
    smtp: string
  }
  admin: { email: string }
  processes: RunningProcess[]
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
 * Stops the processes that an earlier run of this home left behind: apps first, so that they can finish.
 * @returns the names of the stopped processes
 */
export async function stopLeftovers(home: string): Promise<string[]> {
  const processes = readRunFile(home)?.processes ?? []
  const leftovers = processes.filter(({ pid, mark }) => isAlive(pid) && commandLineOf(pid).includes(mark))
  for (const kind of ['app', 'service'] as const) {
    const ofKind = leftovers.filter((process) => process.kind === kind)
    await Promise.all(
      ofKind.map(({ pid, name }) => stopProcess(pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM', 28_000)),
    )
  }
  removeRunFile(home)
  return leftovers.map(({ name }) => name)
}
