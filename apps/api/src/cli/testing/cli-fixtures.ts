import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { formatRedisUrl } from '@muster/redis'
import { inheritedEnv, programFile } from '@muster/testing'
import type { TestApp } from '../../testing/test-app.ts'

/** The commands as they run in a checkout, where they know of the copy that runs there. */
export const checkoutMain = fileURLToPath(new URL('../main.ts', import.meta.url))

/** Builds the value of a key ring variable, whose keys repeat one byte each. */
export const ringText = (ids: Record<string, number>) =>
  Object.entries(ids)
    .map(([id, fill]) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`)
    .join()

export type Run = { code: number; stdout: string; stderr: string }

/**
 * Runs a command on the database and Redis of the app. A text of arguments is split at spaces.
 * @param options.main the file of the commands; by default that of the bundle, where the run of the tests has one
 */
export function muster(
  api: TestApp,
  args: string | readonly string[],
  {
    env = {},
    input = '',
    main = programFile(checkoutMain),
  }: { env?: Record<string, string>; input?: string | Buffer; main?: string } = {},
): Promise<Run> {
  const { database, redis } = api.deps.config
  const whole = {
    ...inheritedEnv(),
    DATABASE_URL: database.url,
    REDIS_URL: formatRedisUrl(redis),
    PASSWORD_KEYS: ringText({ k1: 3 }),
    BCRYPT_COST: '4',
    ...env,
  }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...(typeof args === 'string' ? args.split(' ') : args)],
      { env: whole },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}
