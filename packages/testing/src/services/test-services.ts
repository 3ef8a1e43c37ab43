import { rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  findRedis,
  freePort,
  removeCluster,
  type Service,
  startInbox,
  startPostgres,
  startReaper,
  startRedis,
  thisMachine,
} from '@muster/devkit'
import { dropLeftovers } from './template.ts'

/** The addresses of the services that test runs share. */
export type TestServices = { postgresUrl: string; redisUrl: string; inboxUrl: string; smtpPort: number }

/**
 * Starts Postgres, Redis and the inbox in a folder, and drops the databases of earlier runs.
 * @param say prints the progress of an installation of Redis
 * @throws StartError when one of them does not start; the others are stopped
 */
export async function startTestServices(
  dir: string,
  say: (line: string) => void,
): Promise<{ info: TestServices; stop(): Promise<void> }> {
  const reaper = startReaper()
  const services: Service[] = []
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()))
    reaper.dismiss()
  }
  const register = async (starting: Promise<Service>) => {
    const service = await starting
    services.push(service)
    const signal = service.name === 'postgres' ? 'SIGINT' : 'SIGTERM'
    reaper.watch({ pid: service.pid, kind: 'service', signal })
    return service.url
  }
  const smtpPort = await freePort()
  const starting = [
    register(startTestPostgres(dir)),
    register(startTestRedis(dir, say)),
    register(startTestInbox(dir, smtpPort)),
  ] as const
  try {
    const [postgresUrl, redisUrl, inboxUrl] = await Promise.all(starting)
    await dropLeftovers(postgresUrl)
    return { info: { postgresUrl, redisUrl, inboxUrl, smtpPort }, stop }
  } catch (error) {
    await Promise.allSettled(starting)
    await stop()
    throw error
  }
}

async function startTestPostgres(home: string): Promise<Service> {
  const options = { dir: join(home, 'postgres'), logFile: join(home, 'logs/postgres.log'), isDurable: false }
  try {
    return await startPostgres({ ...options, port: await freePort() })
  } catch {
    // Without fsync, a crash of the machine may have corrupted the cluster, which holds nothing worth keeping.
    await removeCluster(options.dir)
    return startPostgres({ ...options, port: await freePort() })
  }
}

async function startTestRedis(home: string, say: (line: string) => void): Promise<Service> {
  const program = findRedis(thisMachine(join(home, '../redis-build'), say))
  const logFile = join(home, 'logs/redis.log')
  return startRedis({
    program,
    dir: join(home, 'redis'),
    port: await freePort(),
    logFile,
    isDurable: false,
    databases: 1024,
  })
}

async function startTestInbox(home: string, smtpPort: number): Promise<Service> {
  const dir = join(home, 'mail')
  rmSync(dir, { recursive: true, force: true })
  return startInbox({ port: await freePort(), smtpPort, dir, logFile: join(home, 'logs/inbox.log'), maxMails: 2_000 })
}
