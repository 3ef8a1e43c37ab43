import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@muster/devkit'
import { mountDisk, type SmallDisk } from '@muster/testing'
import { debianPrograms, type ReplicatedPostgres } from '../faults/standby.ts'
import { startTcpProxy, type TcpProxy } from '../faults/tcp-proxy.ts'
import { type App, type AppName, type Env, workerNames } from '../system/apps.ts'
import { type System, startSystem, startSystemWithStandby } from '../system/system.ts'
import type { User } from '../users/user.ts'
import { type Prometheus, startPrometheus, type Target } from './prometheus.ts'

/**
 * A system with two APIs and every worker, which Prometheus scrapes. The second API is far: it reaches Postgres and Redis over links that
 * a test can slow down, has a pool of two connections, reads from the replica, and stages uploads on a small disk where one can be mounted.
 */
export type Stage = {
  system: System<ReplicatedPostgres>
  prometheus: Prometheus
  apps: Record<AppName, App>
  far: App
  user: User
  links: Record<'smtp' | 'postgres' | 'redis', TcpProxy>
  disk: SmallDisk | undefined
  /** Starts a process in place of one that was killed, on its ports. */
  restart(name: AppName): Promise<void>
  /** Scrapes these beside the processes of the stage. */
  scrapeAlso(others: readonly Target[]): Promise<void>
  close(): Promise<void>
}

/** The needs of quick tests. */
export type SmallStage = Pick<Stage, 'prometheus' | 'apps' | 'restart' | 'close'> & { system: System }

type Options = { prometheus: string; factor: number }

/** Starts a system with the API and the email worker alone. */
export async function openSmallStage({ prometheus: program, factor }: Options): Promise<SmallStage> {
  const [system, prometheus] = await Promise.all([startSystem(), startPrometheus(program, { factor })])
  const processes = await startProcesses(system, ['api', 'email-worker'], () => ({}))
  await prometheus.scrape(processes.targets())
  return {
    ...{ system, prometheus, apps: processes.apps, restart: processes.restart },
    async close() {
      await prometheus.stop()
      await system.close()
    },
  }
}

export async function openStage({ prometheus: program, factor }: Options): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), 'muster-alerts-'))
  const [system, prometheus, disk] = await Promise.all([
    startSystemWithStandby(debianPrograms() as string),
    startPrometheus(program, { factor }),
    mountDisk(home, 'staging', 64),
  ])
  const addresses = [system.smtp.url, system.postgres.url, system.redis.url]
  const [smtp, postgres, redis] = await Promise.all(addresses.map((address) => startTcpProxy(address)))
  const links = { smtp, postgres, redis } as Stage['links']
  const envOf = (name: AppName): Env => (name === 'email-worker' ? { SMTP_URL: links.smtp.url } : {})
  const { apps, restart, targets } = await startProcesses(system, ['api', ...workerNames], envOf)
  const farEnv = {
    DATABASE_URL: links.postgres.url,
    DATABASE_POOL_MAX: '2',
    DATABASE_REPLICA_URL: system.postgres.standby.url,
    REDIS_URL: links.redis.url,
    ...(disk && { STAGING_DIR: join(disk.path, 'staging') }),
  }
  const far = await system.start('api', { env: farEnv, port: await freePort() })
  const scrapeAlso: Stage['scrapeAlso'] = (others) =>
    prometheus.scrape([...targets(), { process: 'api', opsUrl: far.opsUrl }, ...others])
  await scrapeAlso([])
  return {
    ...{ system, prometheus, apps, far, links, disk, restart, scrapeAlso },
    user: await system.registeredUser(),
    async close() {
      await prometheus.stop()
      await system.close()
      await Promise.all(Object.values(links).map((link) => link.close()))
      await disk?.unmount()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Starts processes of a system, each on an ops port that it keeps when it is started again. */
async function startProcesses(
  system: Pick<System, 'start'>,
  names: readonly AppName[],
  envOf: (name: AppName) => Env,
): Promise<Pick<Stage, 'apps' | 'restart'> & { targets(): Target[] }> {
  const opsPorts = new Map<AppName, number>()
  for (const name of names) opsPorts.set(name, await freePort())
  const apps: Partial<Record<AppName, App>> = {}
  const restart = async (name: AppName) => {
    apps[name] = await system.start(name, { env: envOf(name), opsPort: opsPorts.get(name) as number })
  }
  await Promise.all(names.map(restart))
  return {
    apps: apps as Record<AppName, App>,
    restart,
    targets: () => Object.entries(apps).map(([process, { opsUrl }]) => ({ process, opsUrl })),
  }
}
