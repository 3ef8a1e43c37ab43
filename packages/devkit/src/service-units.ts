import { join } from 'node:path'
import { isSet } from '@muster/config'
import { pagesDevMain } from '@muster/pages'
import type { Unit } from '@muster/supervisor'
import { readJson, type Secrets, writePrivateJson } from './secrets.ts'
import { findRedis, thisMachine } from './services/find-redis.ts'
import { startInbox } from './services/inbox.ts'
import { preferPort } from './services/ports.ts'
import { startPostgres } from './services/postgres.ts'
import { startRedis } from './services/redis.ts'
import { startVite } from './services/vite.ts'
import type { Settings } from './settings.ts'

type Ports = { postgres?: number; redis?: number; vite?: number }

/** Chooses free ports for Postgres, Redis and Vite, and keeps them for the next start. */
async function choosePorts(home: string): Promise<Required<Ports>> {
  const path = join(home, 'ports.json')
  const known = readJson<Ports>(path) ?? {}
  const postgres = await preferPort(known.postgres)
  let redis = await preferPort(known.redis)
  let vite = await preferPort(known.vite)
  while (redis === postgres) redis = await preferPort(undefined)
  while (vite === postgres || vite === redis) vite = await preferPort(undefined)
  writePrivateJson(path, { postgres, redis, vite })
  return { postgres, redis, vite }
}

/**
 * Describes Postgres, Redis and the inbox of this home, and the Vite that serves the pages while their sources are watched. Each is undefined
 * when the environment names one that already runs.
 */
export async function serviceUnits(settings: Settings, secrets: Secrets, say: (line: string) => void) {
  const { home } = settings
  const ports = await choosePorts(home)
  const logFile = (name: string) => join(home, `logs/${name}.log`)
  const postgres: Unit = {
    name: 'postgres',
    kind: 'service',
    port: ports.postgres,
    mark: 'bin/postgres',
    start: (onSpawn) =>
      startPostgres({
        dir: join(home, 'postgres'),
        port: ports.postgres,
        logFile: logFile('postgres'),
        password: secrets.postgresPassword,
        isDurable: true,
        onSpawn,
      }),
  }
  const redis: Unit = {
    name: 'redis',
    kind: 'service',
    port: ports.redis,
    // Redis rewrites its command line to "redis-server 127.0.0.1:<port>".
    mark: `:${ports.redis}`,
    start: async (onSpawn) =>
      startRedis({
        program: findRedis(thisMachine(join(home, 'redis-build'), say)),
        dir: join(home, 'redis'),
        port: ports.redis,
        logFile: logFile('redis'),
        isDurable: true,
        onSpawn,
      }),
  }
  const inbox: Unit = {
    name: 'inbox',
    kind: 'service',
    port: settings.inboxPort,
    mark: 'inbox-main.ts',
    start: (onSpawn) =>
      startInbox({
        port: settings.inboxPort,
        smtpPort: settings.smtpPort,
        dir: join(home, 'mail'),
        logFile: logFile('inbox'),
        maxMails: 1_000,
        onSpawn,
      }),
  }
  const vite: Unit = {
    name: 'vite',
    kind: 'service',
    port: ports.vite,
    mark: pagesDevMain,
    start: (onSpawn) => startVite({ port: ports.vite, logFile: logFile('vite'), onSpawn }),
  }
  const usesVite = settings.isWatching && settings.hasApps && !isSet('WEB_ROOT', process.env)
  return {
    vite: usesVite ? vite : undefined,
    postgres: settings.databaseUrl ? undefined : postgres,
    redis: settings.redisUrl ? undefined : redis,
    inbox: settings.smtpUrl ? undefined : inbox,
  }
}
