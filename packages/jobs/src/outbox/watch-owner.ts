import { type Db, readInstallationId } from '@muster/db'
import { claimRedis, ForeignRedisError, type RedisClient } from '@muster/redis'

/** Watches whether Redis belongs to this installation. Another one may claim it after a flush. */
export function watchOwner(db: Db, redis: RedisClient) {
  const listeners: ((isOwn: boolean) => void)[] = []
  let installationId: string | undefined
  let foreign: ForeignRedisError | undefined

  const change = (error: ForeignRedisError | undefined) => {
    if ((error === undefined) === (foreign === undefined)) return
    foreign = error
    for (const listener of listeners) listener(error === undefined)
  }
  return {
    /** The refusal of a Redis that belongs to another installation. */
    foreign: () => foreign,
    onChange: (listener: (isOwn: boolean) => void) => void listeners.push(listener),
    /** Claims Redis when it belongs to nobody. @throws ForeignRedisError, or the error of Redis or Postgres */
    async check() {
      installationId ??= await readInstallationId(db)
      try {
        await claimRedis(redis, installationId)
        change(undefined)
      } catch (error) {
        if (error instanceof ForeignRedisError) change(error)
        throw error
      }
    },
  }
}
