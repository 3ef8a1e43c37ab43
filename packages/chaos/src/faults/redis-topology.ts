import type { Reaper } from '@muster/devkit'
import {
  type RedisCluster,
  type RedisNode,
  type RedisSentinels,
  startRedisCluster,
  startRedisSentinels,
} from '@muster/testing'

/** A Redis of several servers, with passwords, whose processes end with the run of tests. */
export type RedisTopology = {
  url: string
  nodes: RedisNode[]
  /** Returns the server that takes the writes of a key now. */
  masterOf(key: string): Promise<RedisNode>
  stop(): Promise<void>
}

const watchWith = (reaper: Reaper) => ({
  watch: (pid: number) => reaper.watch({ pid, kind: 'service', signal: 'SIGKILL' }),
  unwatch: (pid: number) => reaper.unwatch(pid),
})

/** Starts three masters with a replica each. */
export async function startCluster(reaper: Reaper): Promise<RedisTopology & Pick<RedisCluster, 'masters'>> {
  const cluster = await startRedisCluster({ password: 'of-the-cluster', watch: watchWith(reaper) })
  return { ...cluster, nodes: [...cluster.masters, ...cluster.replicas] }
}

/** Starts three sentinels, a master and its replica. */
export async function startSentinels(reaper: Reaper): Promise<RedisTopology> {
  const sentinels: RedisSentinels = await startRedisSentinels({ watch: watchWith(reaper) })
  return { ...sentinels, masterOf: () => sentinels.master() }
}
