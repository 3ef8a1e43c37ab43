import { askByRead, createDb, type Db, directly, readInstallationId } from '@muster/db'
import { openQueueMonitor, type QueueMonitor } from '@muster/jobs/admin'
import { failFastRedis, lastErrorOf, type RedisClient } from '@muster/redis'
import { servicesOf } from '@muster/remedies'
import { Unchecked } from './finding.ts'
import { readSettings, type Settings } from './read-settings.ts'

/** The settings and connections that the checks share. Each connection is opened once, and a check that needs one which failed is {@link Unchecked}. */
export type Tools = {
  env: NodeJS.ProcessEnv
  settings: Settings
  places: ReturnType<typeof servicesOf>
  /** Connects to Postgres. @throws the error of the connection */
  connectPostgres(): Promise<Db>
  connectRedis(): Promise<RedisClient>
  postgres(): Promise<Db>
  /** Leads past a pooler. */
  directPostgres(): Promise<Db>
  redis(): Promise<RedisClient>
  queues(): QueueMonitor
  installationId(): Promise<string>
  /** Closes the connections, without waiting for those that hang. */
  close(): void
}

export const connectTimeoutMs = 4_000
const statementTimeoutMs = 4_000

export function openTools(env: NodeJS.ProcessEnv): Tools {
  const settings = readSettings(env)
  const places = servicesOf(env)
  const closings: (() => unknown)[] = []
  const open = (database: NonNullable<Settings['database']>) => {
    const db = createDb({
      ...database,
      poolMax: 3,
      connectTimeoutMs,
      statementTimeoutMs,
      applicationName: 'muster-cli',
    })
    closings.push(() => db.destroy())
    return db
  }
  const connectPostgres = once(async () => {
    if (!settings.database) throw new Unchecked('The settings of Postgres are missing or faulty.')
    const db = open(settings.database)
    await db.selectNoFrom((eb) => eb.val(1).as('one')).execute()
    return db
  })
  const connectRedis = once(async () => {
    if (!settings.redis) throw new Unchecked('The settings of Redis are missing or faulty.')
    const redis = failFastRedis(settings.redis, { reconnects: false, commandTimeout: connectTimeoutMs })
    closings.push(() => redis.disconnect())
    await isReady(redis)
    return redis
  })
  const postgres = () => connectPostgres().catch(unavailable('Postgres'))
  return {
    env,
    settings,
    places,
    connectPostgres,
    connectRedis,
    postgres,
    directPostgres: once(async () => {
      const db = await postgres()
      if (!settings.database?.directUrl) return db
      const direct = open(directly(settings.database))
      await askByRead(direct)
      return direct
    }),
    redis: () => connectRedis().catch(unavailable('Redis')),
    queues: once(() => {
      if (!settings.redis) throw new Unchecked('The settings of Redis are missing or faulty.')
      const monitor = openQueueMonitor(settings.redis, { patienceMs: connectTimeoutMs })
      closings.push(() => monitor.close())
      return monitor
    }),
    installationId: once(async () => readInstallationId(await postgres())),
    close() {
      for (const close of closings) void Promise.resolve(close()).catch(() => {})
    },
  }
}

const unavailable = (name: string) => (error: unknown) => {
  throw error instanceof Unchecked ? error : new Unchecked(`${name} is unavailable.`)
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Waits for the connection. @throws its error */
async function isReady(redis: RedisClient): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error?: Error) => reject(lastErrorOf(redis) ?? error ?? new Error('connection closed'))
    redis.once('ready', () => resolve())
    redis.once('error', fail)
    redis.once('end', fail)
    redis.once('close', fail)
    setTimeout(fail, connectTimeoutMs, new Error('no answer: timeout')).unref()
  })
}
