import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isSet, readVariables, variablesOf } from './read-variables.ts'
import type { ServiceUrlName } from './service-parts.ts'

type RunFile = { urls?: { api?: string; postgres?: string; redis?: string; smtp?: string } }
type SecretsFile = { keyRings?: Record<string, string> }

/**
 * Returns the environment of a command: this process's environment, completed by the key rings, addresses and files of the copy that
 * `npm start` runs in this repository. When the environment names another database, nothing is added: the copy's keys do not fit it,
 * and {@link explainIgnoredCopy} says so.
 * @param root the folder of the repository, to which MUSTER_HOME is relative
 */
export function commandEnv(root: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { home, urls, isIgnored } = findCopy(root, env)
  if (isIgnored) return env
  const keyRings = readFile<SecretsFile>(join(home, 'secrets.json'))?.keyRings
  const own = Object.entries({ ...keyRings, ...(urls && settingsOf(home, urls)) })
  const given = isSet('DATABASE_URL', env) ? env : withoutAll(env, databaseCompanions)
  return { ...given, ...Object.fromEntries(own.filter(([name]) => !isSet(name, env))) }
}

/** Explains why a command gets no settings of the copy that runs from this repository; undefined when it gets them, or no copy runs. */
export function explainIgnoredCopy(root: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { home, urls, isIgnored } = findCopy(root, env)
  if (!urls || !isIgnored) return undefined
  return `DATABASE_URL is set and names another database than that of the copy that \`npm start\` runs from ${home}, so nothing comes from that copy. Unset DATABASE_URL for that copy, or set the other variables of your database too.`
}

/** Finds the copy of a repository, which commands ignore when the environment names another database. */
function findCopy(root: string, env: NodeJS.ProcessEnv) {
  const home = resolve(root, env.MUSTER_HOME || '.muster')
  const urls = readFile<RunFile>(join(home, 'run.json'))?.urls
  const { DATABASE_URL: given } = readVariables(['DATABASE_URL'], env).given
  const isOwn = !!given && !!urls?.postgres && identityOf(given) === identityOf(urls.postgres)
  return { home, urls, isIgnored: isSet('DATABASE_URL', env) && !isOwn }
}

/** Returns host, port and name of a database: a URL may have other parameters, or `localhost` for 127.0.0.1. */
function identityOf(url: string): string {
  if (!URL.canParse(url)) return url
  const { hostname, port, pathname, searchParams } = new URL(url)
  const host = (searchParams.get('host') ?? hostname).replace(/^(localhost|\[::1\])$/, '127.0.0.1')
  return `${host}:${searchParams.get('port') ?? (port || '5432')}${pathname}`
}

/** Returns the settings that `npm start` gives its processes, as far as commands use them. */
const settingsOf = (home: string, urls: NonNullable<RunFile['urls']>) => ({
  DATABASE_URL: urls.postgres,
  REDIS_URL: urls.redis,
  ...(urls.smtp && { SMTP_URL: urls.smtp, MAIL_FROM: 'Muster <no-reply@muster.localhost>' }),
  ...(urls.api && { PUBLIC_URL: urls.api }),
  STORAGE_LOCAL_DIR: join(home, 'files'),
  STAGING_DIR: join(home, 'staging'),
})

/**
 * Returns the environment of a process whose services its caller chose: their URLs replace every variable that names them, the parts
 * of a URL and files included.
 */
export function withServices(env: NodeJS.ProcessEnv, urls: Partial<Record<ServiceUrlName, string>>): NodeJS.ProcessEnv {
  const isOther = urls.DATABASE_URL && readVariables(['DATABASE_URL'], env).given.DATABASE_URL !== urls.DATABASE_URL
  const replaced = (Object.keys(urls) as ServiceUrlName[]).flatMap(variablesOf)
  return { ...withoutAll(env, [...replaced, ...(isOther ? databaseCompanions : [])]), ...urls }
}

/** The variables that belong to the database of a DATABASE_URL, and to no other. */
const databaseCompanions = ['DATABASE_POOLER', 'DATABASE_DIRECT_URL'].flatMap((name) => [name, `${name}_FILE`])

const withoutAll = (env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))

const readFile = <T>(path: string): T | undefined =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
