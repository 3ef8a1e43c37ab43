import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { StoppedServer } from '@muster/backup'
import { isSet } from '@muster/config'
import { surroundings } from './surroundings.ts'

/** The folder with the state of `npm start` of the repository, when no variable names a database. @returns undefined outside of a checkout */
export function findHome(root: string): string | undefined {
  const { env } = surroundings()
  if (isSet('DATABASE_URL', env) || !isCheckout(root)) return undefined
  return resolve(root, env.MUSTER_HOME || '.muster')
}

/** Tells whether this runs in the repository, and not from a bundle. */
export const isCheckout = (root: string): boolean => existsSync(join(root, hostFile))

const hostFile = 'packages/devkit/src/stopped-copy-main.ts'

type Answer = { error?: string; isRunning?: boolean; url?: string }
/** A copy that does not run. */
export type StoppedCopy = StoppedServer & { hasCluster: boolean; hasRedis: boolean }

/**
 * Keeps the copy of a home stopped while `use` works on it, and starts its Postgres for it.
 * @returns undefined when `npm start` runs from the home
 */
export async function withStoppedCopy<T>(
  root: string,
  home: string,
  use: (copy: StoppedCopy) => Promise<T>,
): Promise<T | undefined> {
  const child = spawn(process.execPath, [join(root, hostFile), home], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async () =>
    JSON.parse((await lines.next()).value ?? '{"error":"The helper of the stopped copy ended."}') as Answer
  const tell = async (command: string) => {
    child.stdin.write(`${command}\n`)
    const answer = await read()
    if (answer.error) throw new Error(answer.error)
    return answer
  }
  const started = async (command: string) => (await tell(command)).url as string
  try {
    const first = await read()
    if (first.isRunning) return undefined
    if (first.error) throw new Error(first.error)
    return await use({
      ...(first as Pick<StoppedCopy, 'folder' | 'newFolder' | 'platform' | 'hasCluster' | 'hasRedis'>),
      start: () => started('start'),
      startNew: () => started('start-new'),
      stop: async () => void (await tell('stop')),
      adopt: async () => void (await tell('adopt')),
    })
  } finally {
    child.stdin.end()
    await exited
  }
}
