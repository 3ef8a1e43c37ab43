import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Stage } from '../../stage.ts'
import { costOf } from './probe.ts'

const channel = 'muster:bench:signals'
const subscribers = 40
/** As many bytes as a signal of a chat has. */
const signal = 'x'.repeat(160)

/** Measures the processor time of Redis for a signal, for each connection that has subscribed. */
export async function measureFanOut(stage: Stage, count: number): Promise<number> {
  const few = await publishTo(stage, 1, count)
  const many = await publishTo(stage, subscribers, count)
  return Math.max(0, many - few) / (subscribers - 1)
}

async function publishTo(stage: Stage, listeners: number, count: number): Promise<number> {
  const connections = Array.from({ length: listeners }, () => new Redis(stage.redisUrl))
  try {
    await Promise.all(connections.map((connection) => connection.subscribe(channel)))
    const cost = await costOf(stage, { pids: {}, count }, async () => {
      for (let sent = 0; sent < count; sent++) await stage.redis.publish(channel, signal)
    })
    return cost.cpuUs.redis ?? 0
  } finally {
    for (const connection of connections) connection.disconnect()
  }
}

/** Counts the connections that Redis has gained since `before`, once their number is the same for a second. */
export async function connectionsSince(stage: Stage, before: number): Promise<number> {
  for (let last = -1; ; await sleep(1_000)) {
    const current = await redisConnections(stage)
    if (current === last) return current - before
    last = current
  }
}

/** Returns the number of connections to Redis. */
export async function redisConnections({ redis }: Pick<Stage, 'redis'>): Promise<number> {
  return Number(/connected_clients:(\d+)/.exec(await redis.info('clients'))?.[1])
}
