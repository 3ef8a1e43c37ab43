import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { findRedis, freePort, type Service, startRedis, thisMachine, waitForExit } from '@muster/devkit'
import { Redis } from 'ioredis'

/** Tells a reaper which processes to end when the run of tests is killed. */
export type Watch = { watch(pid: number): void; unwatch(pid: number): void }

/** A Redis server among others, with the faults that a test can inject. It keeps its port. */
export type RedisNode = {
  port: number
  client: Redis
  kill(): Promise<void>
  start(): Promise<void>
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

export const redisProgram = () =>
  findRedis(thisMachine(resolve(import.meta.dirname, '../../../../.muster/redis-build'), () => {}))

const nobody: Watch = { watch() {}, unwatch() {} }

/** Starts a Redis server in a folder of its own. Its data survives `kill` and `start`. @param settings as in redis.conf */
export async function startRedisNode(
  settings: Record<string, string | number>,
  { password, watch = nobody }: { password?: string | undefined; watch?: Watch | undefined } = {},
): Promise<RedisNode> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-redis-'))
  const port = await freePort()
  const secured: Record<string, string> = password ? { requirepass: password, masterauth: password } : {}
  const start = async () => {
    const service = await startRedis({
      program: redisProgram(),
      dir,
      port,
      logFile: join(dir, 'redis.log'),
      isDurable: true,
      settings: { ...secured, ...settings },
    })
    watch.watch(service.pid)
    return service
  }
  let service: Service = await start()
  const client = new Redis({ port, ...(password ? { password } : {}), retryStrategy: () => 100 })
  client.on('error', () => {})
  return {
    port,
    client,
    async kill() {
      process.kill(service.pid, 'SIGKILL')
      await waitForExit(service.pid, 5_000)
      watch.unwatch(service.pid)
    },
    async start() {
      service = await start()
    },
    freeze: () => void process.kill(service.pid, 'SIGSTOP'),
    thaw: () => void process.kill(service.pid, 'SIGCONT'),
    async stop() {
      client.disconnect()
      try {
        process.kill(service.pid, 'SIGKILL')
        await waitForExit(service.pid, 5_000)
      } catch {
        // A test has killed it.
      }
      watch.unwatch(service.pid)
      await rm(dir, { recursive: true, force: true })
    },
  }
}
