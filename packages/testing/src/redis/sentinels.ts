import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, spawnService, waitForExit } from '@muster/devkit'
import { Redis } from 'ioredis'
import { eventually } from '../eventually.ts'
import { type RedisNode, redisProgram, startRedisNode, type Watch } from './node.ts'

/** Three sentinels that watch a master and its replica. Redis and sentinels have different passwords. */
export type RedisSentinels = {
  url: string
  nodes: RedisNode[]
  /** Returns the node that the sentinels name as master. */
  master(): Promise<RedisNode>
  stop(): Promise<void>
}

const masterName = 'mymaster'
const patience = { timeoutMs: 60_000, intervalMs: 50 }

/** Starts them. A master that is away for a second is replaced. */
export async function startRedisSentinels({
  password = 'of-redis',
  sentinelPassword = 'of-sentinels',
  watch,
}: {
  password?: string
  sentinelPassword?: string
  watch?: Watch
} = {}): Promise<RedisSentinels> {
  const settings = { 'repl-diskless-sync-delay': 0 }
  const master = await startRedisNode(settings, { password, watch })
  const replica = await startRedisNode({ ...settings, replicaof: `127.0.0.1 ${master.port}` }, { password, watch })
  const nodes = [master, replica]
  await eventually(async () => {
    const [, , , link] = (await replica.client.role()) as [string, unknown, unknown, string]
    if (link !== 'connected') throw new Error('The replica is not connected.')
  }, patience)
  const sentinels = await Promise.all(
    Array.from({ length: 3 }, () => startSentinel({ master, password, sentinelPassword, watch })),
  )
  await eventually(async () => {
    for (const { client } of sentinels) {
      const found = await Promise.all([
        client.call('SENTINEL', 'SENTINELS', masterName),
        client.call('SENTINEL', 'REPLICAS', masterName),
      ])
      const [others = 0, replicas = 0] = found.map((list) => (list as unknown[]).length)
      if (others < 2 || replicas < 1) throw new Error('The sentinels do not know each other.')
    }
  }, patience)
  const addresses = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return {
    url: `redis+sentinel://:${password}@${addresses}/${masterName}/0?sentinel_password=${sentinelPassword}`,
    nodes,
    async master() {
      const [first] = sentinels as [Sentinel, ...Sentinel[]]
      const [, port] = (await first.client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)) as string[]
      return nodes.find((node) => node.port === Number(port)) as RedisNode
    },
    async stop() {
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()))
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

type Sentinel = Awaited<ReturnType<typeof startSentinel>>

type SentinelOptions = { master: RedisNode; password: string; sentinelPassword: string; watch: Watch | undefined }

async function startSentinel({ master, password, sentinelPassword, watch }: SentinelOptions) {
  const dir = await mkdtemp(join(tmpdir(), 'muster-sentinel-'))
  const file = join(dir, 'sentinel.conf')
  const port = await freePort()
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${dir}`,
      `requirepass ${sentinelPassword}`,
      `sentinel monitor ${masterName} 127.0.0.1 ${master.port} 2`,
      `sentinel auth-pass ${masterName} ${password}`,
      `sentinel down-after-milliseconds ${masterName} 1000`,
      `sentinel failover-timeout ${masterName} 5000`,
      '',
    ].join('\n'),
  )
  const child = spawnService(redisProgram(), [file, '--sentinel'], {
    logFile: join(dir, 'sentinel.log'),
    onSpawn: undefined,
  })
  const pid = child.pid as number
  watch?.watch(pid)
  const client = new Redis({ port, password: sentinelPassword, retryStrategy: () => 100 })
  client.on('error', () => {})
  await eventually(() => client.ping(), patience)
  return {
    port,
    client,
    async stop() {
      client.disconnect()
      process.kill(pid, 'SIGKILL')
      await waitForExit(pid, 5_000)
      watch?.unwatch(pid)
      await rm(dir, { recursive: true, force: true })
    },
  }
}
