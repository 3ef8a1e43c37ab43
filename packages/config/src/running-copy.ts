import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

type RunFile = { urls?: { postgres?: string; redis?: string } }
type SecretsFile = { keyRings?: Record<string, string> }

/**
 * Returns the environment of a command: this process's environment, completed by the key rings and addresses of the copy that
 * `npm start` runs in this repository. When DATABASE_URL names another database, nothing is added: the copy's keys do not fit it.
 * @param root the folder of the repository, to which MUSTER_HOME is relative
 */
export function commandEnv(root: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const home = resolve(root, env.MUSTER_HOME || '.muster')
  const urls = readFile<RunFile>(join(home, 'run.json'))?.urls
  if (env.DATABASE_URL && env.DATABASE_URL !== urls?.postgres) return env
  const keyRings = readFile<SecretsFile>(join(home, 'secrets.json'))?.keyRings
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value))
  return { ...keyRings, DATABASE_URL: urls?.postgres, REDIS_URL: urls?.redis, ...given }
}

const readFile = <T>(path: string): T | undefined =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
