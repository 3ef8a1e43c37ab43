import { failFastRedis, type RedisClient } from './connection.ts'
import { assertNoEviction } from './eviction.ts'
import { claimRedis } from './owner.ts'
import { RedisRefusal } from './refusal.ts'
import type { RedisSettings } from './settings/settings.ts'

const patienceMs = 5_000

/**
 * Refuses a Redis that evicts keys, and one of another installation. A Redis that does not respond passes, since every process starts
 * without it.
 * @throws Error that tells what to do
 */
export async function checkRedis(settings: RedisSettings, installationId: string): Promise<void> {
  const redis = failFastRedis(settings, { reconnects: false })
  try {
    if (!(await isReady(redis))) return
    await refusalOf(assertNoEviction(redis))
    await refusalOf(claimRedis(redis, installationId))
  } finally {
    redis.disconnect()
  }
}

/** Waits for the first connection. A cluster that is not whole closes it again. */
const isReady = (redis: RedisClient) =>
  new Promise<boolean>((resolve) => {
    redis.once('ready', () => resolve(true))
    for (const event of ['close', 'end', 'error']) redis.once(event, () => resolve(false))
    setTimeout(resolve, patienceMs, false).unref()
  })

/** Passes refusals on, and not the errors of a Redis that ceases to respond. */
const refusalOf = (checking: Promise<void>) =>
  checking.catch((error: unknown) => {
    if (error instanceof RedisRefusal) throw error
  })
