import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { StartError } from './start-error.ts'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

export type Settings = {
  isFresh: boolean
  isWatching: boolean
  /** The folder with all state. */
  home: string
  apiPort: number
  inboxPort: number
  smtpPort: number
  opsPortBase: number
  /** Services that already run elsewhere and replace the embedded ones. */
  databaseUrl: string | undefined
  redisUrl: string | undefined
  smtpUrl: string | undefined
}

/** Reads the arguments and the environment of `npm start`. @throws StartError for an unknown argument or an invalid port */
export function readSettings(args: string[], env: NodeJS.ProcessEnv): Settings {
  const { isFresh, isWatching } = readArgs(args)
  return {
    isFresh,
    isWatching,
    home: homeOf(env),
    apiPort: portOf(env, 'PORT', 3000),
    inboxPort: portOf(env, 'INBOX_PORT', 1080),
    smtpPort: portOf(env, 'SMTP_PORT', 1025),
    opsPortBase: portOf(env, 'OPS_PORT_BASE', 9100),
    databaseUrl: env.DATABASE_URL || undefined,
    redisUrl: env.REDIS_URL || undefined,
    smtpUrl: env.SMTP_URL || undefined,
  }
}

/** Resolves MUSTER_HOME relative to the repository. */
export function homeOf(env: NodeJS.ProcessEnv): string {
  return resolve(root, env.MUSTER_HOME || '.muster')
}

function readArgs(args: string[]) {
  try {
    const { values } = parseArgs({ args, options: { fresh: { type: 'boolean' }, watch: { type: 'boolean' } } })
    return { isFresh: values.fresh ?? false, isWatching: values.watch ?? false }
  } catch (error) {
    throw new StartError(
      `${(error as Error).message}. npm start takes --fresh (begin with empty state) and --watch (restart on change).`,
    )
  }
}

function portOf(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const port = Number(env[name] || fallback)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new StartError(`${name} is "${env[name]}"; it needs a port number from 1 to 65535.`)
}
