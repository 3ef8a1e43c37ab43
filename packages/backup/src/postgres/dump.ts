import { stat } from 'node:fs/promises'
import { setInterval } from 'node:timers'
import { type Progress, sizeText } from '../progress.ts'
import { connectionEnv } from './connection-env.ts'
import type { PostgresPrograms } from './programs.ts'
import { runProgram } from './run-program.ts'

type Dump = {
  url: string
  snapshot: string
  path: string
  programs: PostgresPrograms
  signal: AbortSignal
  report: Progress
}

const reportEveryMs = 1_000

/** Dumps the whole database as of an exported snapshot to a file. @throws Error with what pg_dump said */
export async function dumpDatabase({ url, snapshot, path, programs, signal, report }: Dump): Promise<void> {
  const args = [
    '--format=custom',
    '--compress=3',
    '--no-owner',
    '--no-privileges',
    '--no-tablespaces',
    '--no-publications',
    '--no-subscriptions',
    '--no-password',
    '--lock-wait-timeout=60s',
    `--snapshot=${snapshot}`,
    `--file=${path}`,
  ]
  const { child, done } = runProgram(programs.pgDump, args, { env: connectionEnv(url, programs.major), signal })
  child.stdout?.resume()
  const timer = setInterval(async () => {
    const written = await stat(path).catch(() => undefined)
    report(() => `Dumping the database: ${sizeText(written?.size ?? 0)} written.`)
  }, reportEveryMs)
  try {
    await done
  } finally {
    clearInterval(timer)
  }
  signal.throwIfAborted()
}
