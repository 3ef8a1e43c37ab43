import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

type RunFile = { urls?: { postgres?: string; redis?: string } }
type SecretsFile = { keyRings?: Record<string, string> }

/**
 * What a command on this machine reads: the environment, completed by what `npm start` gave the processes of the copy in
 * this folder. Of another database than the copy's own only the environment tells: the copy's keys don't fit it.
 * @param root the repository; MUSTER_HOME is relative to it
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
