import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ConfigError, isSet, parseEnv, urlOfService } from '@muster/config'
import { z } from 'zod'
import { StartError } from './start-error.ts'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

export type Settings = {
  isFresh: boolean
  isWatching: boolean
  /** False when only the services run, for apps that are started elsewhere. */
  hasApps: boolean
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

/** Reads the arguments and the environment of `npm start`. @throws StartError for an unknown argument, an invalid port or URL */
export function readSettings(args: string[], env: NodeJS.ProcessEnv): Settings {
  const { isFresh, isWatching, hasApps } = readArgs(args)
  const urls = readServices(env)
  return {
    isFresh,
    isWatching,
    hasApps,
    home: homeOf(env),
    apiPort: portOf(env, 'PORT', 3000),
    inboxPort: portOf(env, 'INBOX_PORT', 1080),
    smtpPort: isSet('SMTP_HOST', env) ? defaultSmtpPort : portOf(env, 'SMTP_PORT', defaultSmtpPort),
    opsPortBase: portOf(env, 'OPS_PORT_BASE', 9100),
    databaseUrl: urls.DATABASE_URL,
    redisUrl: urls.REDIS_URL,
    smtpUrl: urls.SMTP_URL,
  }
}

const defaultSmtpPort = 1025
const externalServices = z.object({
  DATABASE_URL: urlOfService('DATABASE_URL').optional(),
  REDIS_URL: urlOfService('REDIS_URL').optional(),
  SMTP_URL: urlOfService('SMTP_URL').optional(),
})

/** Reads which services run elsewhere. Without a mail server elsewhere, SMTP_PORT is the port of the inbox. */
function readServices({ SMTP_PORT, ...env }: NodeJS.ProcessEnv) {
  try {
    return parseEnv(externalServices, { ...env, ...(isSet('SMTP_HOST', env) && { SMTP_PORT }) })
  } catch (error) {
    throw error instanceof ConfigError ? new StartError(error.message) : error
  }
}

/** Resolves MUSTER_HOME relative to the repository. */
export function homeOf(env: NodeJS.ProcessEnv): string {
  return resolve(root, env.MUSTER_HOME || '.muster')
}

const options = {
  fresh: { type: 'boolean', default: false },
  watch: { type: 'boolean', default: false },
  'without-apps': { type: 'boolean', default: false },
} as const

function readArgs(args: string[]) {
  try {
    const { values } = parseArgs({ args, options })
    return { isFresh: values.fresh, isWatching: values.watch, hasApps: !values['without-apps'] }
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
