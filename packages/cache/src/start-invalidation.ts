import type { Logger } from '@muster/logger'
import type { Cache } from './cache.ts'
import type { OptionalRedis } from './optional-redis.ts'

const retryMs = 250
const retriedAtOnce = 1_000
/** Keys of changes beyond this number are not remembered during an outage; they expire on their own. */
const maxPending = 50_000

/** Deletes keys and retries those that Redis did not delete, until `close`. */
export function startInvalidation({
  redis,
  log,
}: {
  redis: OptionalRedis
  log: Logger
}): Pick<Cache, 'invalidate' | 'close'> {
  const pending = new Set<string>()
  let notRemembered = 0

  // One command a key: on a cluster, one command reaches only the keys of one slot.
  const remove = async (key: string) => (await redis.attempt((client) => client.del(key), null)) !== null

  const remember = (key: string) => {
    if (pending.size < maxPending) pending.add(key)
    else notRemembered++
  }

  const invalidate = async (keys: Iterable<string>) => {
    await Promise.all(Array.from(keys, async (key) => (await remove(key)) || remember(key)))
  }

  const logExpiring = (stillPending = 0) => {
    const keys = notRemembered + stillPending
    notRemembered = 0
    if (keys > 0) log.warn({ component: 'cache', keys }, 'cached values not invalidated, they expire on their own')
    return keys
  }

  const retry = async () => {
    const keys = [...pending].slice(0, retriedAtOnce)
    for (const key of keys) pending.delete(key)
    await invalidate(keys)
    if (pending.size === 0) logExpiring()
  }

  let retrying: Promise<void> | undefined
  const timer = setInterval(() => {
    if (pending.size === 0) return
    retrying ??= retry().finally(() => {
      retrying = undefined
    })
  }, retryMs).unref()

  return {
    invalidate,
    async close() {
      clearInterval(timer)
      await retrying
      const keys = [...pending]
      pending.clear()
      await invalidate(keys)
      return logExpiring(pending.size)
    },
  }
}
