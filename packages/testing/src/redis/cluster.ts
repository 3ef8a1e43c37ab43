import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { eventually } from '../eventually.ts'
import { type RedisNode, startRedisNode, type Watch } from './node.ts'

/** A Redis Cluster: three masters, and as many replicas. */
export type RedisCluster = {
  /** Names two of its nodes. */
  url: string
  masters: RedisNode[]
  replicas: RedisNode[]
  /** Returns the node that is the master of a key's slot now. */
  masterOf(key: string): Promise<RedisNode>
  /** Removes the keys of all masters. */
  flush(): Promise<void>
  stop(): Promise<void>
}

const slots = 16_384
const answerMs = 500
const patience = { timeoutMs: 60_000, intervalMs: 50 }

/**
 * Starts a cluster that fails over within about two seconds.
 * @param options.settings further ones of each node, as in redis.conf
 */
export async function startRedisCluster({
  password,
  hasReplicas = true,
  settings = {},
  watch,
}: {
  password?: string
  hasReplicas?: boolean
  settings?: Record<string, string | number>
  watch?: Watch
} = {}): Promise<RedisCluster> {
  const start = async () => {
    const clustered = {
      'cluster-enabled': 'yes',
      'cluster-port': await freePort(),
      'cluster-node-timeout': 1_000,
      'cluster-replica-validity-factor': 0,
      'repl-diskless-sync-delay': 0,
    }
    return startRedisNode({ ...clustered, ...settings }, { password, watch })
  }
  const nodes = await Promise.all(Array.from({ length: hasReplicas ? 6 : 3 }, start))
  const [masters, replicas] = [nodes.slice(0, 3), nodes.slice(3)]
  await assignSlots(masters)
  await meet(nodes)
  for (const [index, replica] of replicas.entries()) await replicate(replica, masters[index] as RedisNode)
  await eventually(() => Promise.all(nodes.map(assertWhole)), patience)

  const mastersNow = async () => {
    const roles = await Promise.all(nodes.map(roleOf))
    return nodes.filter((_, index) => roles[index]?.[0] === 'master')
  }
  return {
    url: `redis+cluster://${password ? `:${password}@` : ''}${nodes
      .slice(0, 2)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(',')}`,
    masters,
    replicas,
    async masterOf(key) {
      const { client } = (await mastersNow())[0] as RedisNode
      const slot = await client.cluster('KEYSLOT', key)
      const range = (await client.cluster('SLOTS')).find(([from, to]) => slot >= from && slot <= to)
      const port = range?.[2]?.[1]
      return nodes.find((node) => node.port === port) as RedisNode
    },
    async flush() {
      await Promise.all((await mastersNow()).map(({ client }) => client.flushall()))
    },
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
}

/** A frozen node never answers, and one that is gone refuses. */
const roleOf = ({ client }: RedisNode) =>
  Promise.race([client.role().catch(() => ['gone']), sleep(answerMs, ['silent'], { ref: false })])

async function assignSlots(masters: RedisNode[]): Promise<void> {
  const share = Math.ceil(slots / masters.length)
  await Promise.all(
    masters.map(({ client }, index) =>
      client.call('CLUSTER', 'ADDSLOTSRANGE', index * share, Math.min(slots, (index + 1) * share) - 1),
    ),
  )
}

async function meet(nodes: RedisNode[]): Promise<void> {
  const [first, ...others] = nodes as [RedisNode, ...RedisNode[]]
  const busPort = async ({ client }: RedisNode) =>
    ((await client.config('GET', 'cluster-port')) as string[])[1] as string
  await eventually(async () => {
    // A meeting that takes longer than the time-out of nodes is forgotten.
    for (const node of others) await first.client.call('CLUSTER', 'MEET', '127.0.0.1', node.port, await busPort(node))
    await sleep(200)
    for (const { client } of nodes) {
      const known = /cluster_known_nodes:(\d+)/.exec(String(await client.cluster('INFO')))?.[1]
      if (Number(known) < nodes.length) throw new Error(`A node knows ${known} nodes.`)
    }
  }, patience)
}

async function replicate(replica: RedisNode, master: RedisNode): Promise<void> {
  const masterId = await master.client.call('CLUSTER', 'MYID')
  await eventually(() => replica.client.call('CLUSTER', 'REPLICATE', masterId as string), patience)
}

async function assertWhole({ client }: RedisNode): Promise<void> {
  if (!String(await client.cluster('INFO')).includes('cluster_state:ok')) throw new Error('The cluster is not whole.')
  const [role, , , link] = (await client.role()) as [string, unknown, unknown, string]
  if (role === 'slave' && link !== 'connected') throw new Error('A replica is not connected.')
}
