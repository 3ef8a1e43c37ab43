import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ConfigError, isSet, parseEnv, urlOfService } from '@muster/config'
import { StartError } from '@muster/supervisor'
import { z } from 'zod'
import { parseScale, type Scale } from './scale.ts'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

export type Settings = {
  isFresh: boolean
  isWatching: boolean
  /** Whether types are checked after a change, by a compiler that needs two gigabytes. */
  checksTypes: boolean
  /** Fills an empty copy with people and data that are made up. */
  isDemo: boolean
  /** False when only the services run, for apps that are started elsewhere. */
  hasApps: boolean
  scale: Scale
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
  const urls = readServices(env)
  return {
    ...readArgs(args),
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

/** The text of `npm start -- --help`. */
export const usage = `npm start [-- OPTIONS] runs all of Muster on this machine; npm run dev restarts processes when their files change.

  --scale NAME=NUMBER  runs several processes of a kind: --scale api=2,email-worker=3. The processes are api, email-worker,
                       audit-worker, reminder-worker and image-worker. run.json lists the ports of all of them
  --fresh              begins with empty state
  --demo               fills an empty copy with a team, its work of a year and its chats; who can sign in is printed. A later start
                       repeats nothing
  --watch              restarts processes when their files change, and checks types
  --without-types      checks none: the compiler needs two gigabytes
  --help               prints this

Variables: PORT (3000), INBOX_PORT (1080), SMTP_PORT (1025) and OPS_PORT_BASE (9100) move the ports, MUSTER_HOME (.muster) the state. With
SMTP_HOST, SMTP_PORT is the port of that mail server.
DATABASE_URL, REDIS_URL and SMTP_URL name services to use instead of the embedded ones. RATE_LIMIT_SCALE=1 sets the limits of production.
All variables of docs/operate.md are passed on.
`

const options = {
  fresh: { type: 'boolean' },
  demo: { type: 'boolean' },
  watch: { type: 'boolean' },
  scale: { type: 'string', multiple: true },
  'without-types': { type: 'boolean' },
  'without-apps': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Tests whether the arguments ask for the usage. */
export const asksForHelp = (args: string[]): boolean => parseArgs({ args, options, strict: false }).values.help === true

function readArgs(args: string[]) {
  const { fresh, demo, watch, scale, 'without-types': withoutTypes, 'without-apps': withoutApps } = parseOptions(args)
  return {
    isFresh: fresh ?? false,
    isWatching: watch ?? false,
    checksTypes: !withoutTypes,
    isDemo: demo ?? false,
    hasApps: !withoutApps,
    scale: parseScale(scale ?? []),
  }
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new StartError(
      `${(error as Error).message}. Options stand behind two hyphens, as in npm start -- --scale api=2. ` +
        'npm start takes --fresh (begin with empty state), --demo (fill an empty copy), --watch (restart on change), --without-types, --scale and --help.',
    )
  }
}

function portOf(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const port = Number(env[name] || fallback)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new StartError(`${name} is "${env[name]}"; it needs a port number from 1 to 65535.`)
}
