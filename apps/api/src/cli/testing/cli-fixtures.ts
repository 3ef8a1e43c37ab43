import { execFile } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { formatRedisUrl } from '@muster/redis'
import { inheritedEnv, programFile } from '@muster/testing'
import type { TestApp } from '../../testing/test-app.ts'
import { runCommand } from '../run-command.ts'

/** The file that a process of the commands runs. */
export const cliMain = fileURLToPath(new URL('../main.ts', import.meta.url))

/** Builds the value of a key ring variable, whose keys repeat one byte each. */
export const ringText = (ids: Record<string, number>) =>
  Object.entries(ids)
    .map(([id, fill]) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`)
    .join()

export type Run = { code: number; stdout: string; stderr: string }

type Given = { env?: Record<string, string>; input?: string | Buffer }

/** Runs a command on the database and Redis of the app, within the process of the test. A text of arguments is split at spaces. */
export async function muster(api: TestApp, args: string | readonly string[], given: Given = {}): Promise<Run> {
  const { input = '' } = given
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const written = Promise.all([text(stdout), text(stderr)])
  const stdin = Readable.from([input])
  const around = { env: environmentOf(api, given), stdin, stdout, stderr, signals: new EventEmitter() }
  const code = await runCommand(wordsOf(args), around)
  stdout.end()
  stderr.end()
  const [out, err] = await written
  return { code, stdout: out, stderr: err }
}

/** Runs a command as {@link muster} does, in a process of its own, for what only a process shows. */
export function musterProcess(api: TestApp, args: string | readonly string[], given: Given = {}): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [programFile(cliMain), ...wordsOf(args)],
      { env: environmentOf(api, given) },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
    child.stdin?.end(given.input ?? '')
  })
}

const wordsOf = (args: string | readonly string[]) => (typeof args === 'string' ? args.split(' ') : args)

/** The environment of a command of an operator, and nothing of that of the tests. */
export function environmentOf(api: TestApp, { env = {} }: Given = {}): NodeJS.ProcessEnv {
  const { database, redis } = api.deps.config
  return {
    ...inheritedEnv(),
    DATABASE_URL: database.url,
    REDIS_URL: formatRedisUrl(redis),
    PASSWORD_KEYS: ringText({ k1: 3 }),
    BCRYPT_COST: '4',
    ...env,
  }
}
