import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  findRedis,
  freePort,
  type Reaper,
  type Service,
  startPostgres,
  startReaper,
  startRedis,
  takeLock,
  thisMachine,
} from '@muster/devkit'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Plan } from './plan.ts'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

/** The environment of all rows: Postgres and Redis, durable as under `npm start`, in their own folder. */
export type Stage = {
  plan: Plan
  home: string
  databaseUrl: string
  redisUrl: string
  /** For fixtures and polls; the measured code has connections of its own. */
  db: pg.Pool
  redis: Redis
  /** The postmaster, whose children are the backends, and the Redis server. */
  servicePids: { postgres: number; redis: number }
  /** Freezes Redis, which then accepts connections and answers nothing, or lets it go on. */
  pauseRedis(isPaused: boolean): void
  reaper: Reaper
  /** Folder for the CPU profiles that the API and the workers write when they exit. */
  profileDir: string | undefined
  close(): Promise<void>
}

const database = 'muster_bench'

/** Starts Postgres and Redis. @throws Error while another benchmark runs, because each would slow the other down */
export async function openStage(plan: Plan, profileDir: string | undefined): Promise<Stage> {
  const home = join(resolve(root, process.env.MUSTER_HOME || '.muster'), 'bench')
  const lock = await takeLock(join(home, 'lock'))
  if ('heldBy' in lock) throw new Error(`Another benchmark runs (process ${lock.heldBy}).`)
  const reaper = startReaper()
  const services: Service[] = []
  const begin = async (starting: Promise<Service>) => {
    const service = await starting
    services.push(service)
    reaper.watch({ pid: service.pid, kind: 'service', signal: service.name === 'postgres' ? 'SIGINT' : 'SIGTERM' })
    return service
  }
  const stopServices = async () => {
    await Promise.all(services.map((service) => service.stop()))
    reaper.dismiss()
    lock.release()
  }
  try {
    const postgres = await begin(startOwnPostgres(home))
    const redisServer = await begin(startOwnRedis(home))
    const databaseUrl = await freshDatabase(postgres.url)
    // They belong to the installation of the database before.
    rmSync(join(home, 'files'), { recursive: true, force: true })
    const db = new pg.Pool({ connectionString: databaseUrl, max: 4 })
    // Postgres may stop before the pool has closed its connections.
    db.on('error', () => {})
    const redis = new Redis(redisServer.url)
    await redis.flushall()
    return {
      plan,
      home,
      databaseUrl,
      redisUrl: redisServer.url,
      db,
      redis,
      servicePids: { postgres: postgres.pid, redis: redisServer.pid },
      pauseRedis: (isPaused) => void process.kill(redisServer.pid, isPaused ? 'SIGSTOP' : 'SIGCONT'),
      reaper,
      profileDir,
      async close() {
        redis.disconnect()
        await db.end()
        await stopServices()
      },
    }
  } catch (error) {
    await stopServices()
    throw error
  }
}

async function startOwnPostgres(home: string): Promise<Service> {
  const logFile = join(home, 'logs/postgres.log')
  return startPostgres({ dir: join(home, 'postgres'), port: await freePort(), logFile, isDurable: true })
}

async function startOwnRedis(home: string): Promise<Service> {
  const program = findRedis(thisMachine(join(home, '../redis-build'), (line) => console.log(line)))
  const logFile = join(home, 'logs/redis.log')
  return startRedis({ program, dir: join(home, 'redis'), port: await freePort(), logFile, isDurable: true })
}

async function freshDatabase(server: string): Promise<string> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(`drop database if exists ${database} with (force)`)
  await client.query(`create database ${database}`)
  await client.end()
  const url = new URL(server)
  url.pathname = database
  await promisify(execFile)(process.execPath, [join(root, 'packages/db-cli/src/main.ts'), 'migrate'], {
    env: { ...process.env, DATABASE_URL: url.href },
  })
  return url.href
}
