import { Cluster, type Redis } from 'ioredis'

type Client = Redis | Cluster

const lastErrors = new WeakMap<Client, { error: Error; atMs: number }>()
/** A cluster is ready while some of its nodes are not: their errors explain those of commands only for a while. */
const nodeErrorLastsMs = 3_000

/**
 * Returns why a connection is not ready, because the errors of failing commands do not contain the reason; undefined
 * while it is ready or connects for the first time. Of a cluster that is ready, it is the recent error of a node.
 */
export function lastErrorOf(redis: Client): Error | undefined {
  const last = lastErrors.get(redis)
  if (!last || (redis.status === 'ready' && performance.now() - last.atMs > nodeErrorLastsMs)) return undefined
  return last.error
}

/** Remembers the errors of a connection for {@link lastErrorOf}. */
export function trackLastError<C extends Client>(redis: C): C {
  const note = (error: Error) => {
    // That of a cluster tells only that none of its nodes can be used.
    const cause = (error as { lastNodeError?: Error }).lastNodeError ?? error
    lastErrors.set(redis, { error: cause, atMs: performance.now() })
  }
  redis.on('error', note)
  if (!(redis instanceof Cluster)) redis.on('error', (error: Error) => leaveWrongDatabase(redis, error))
  if (redis instanceof Cluster) redis.on('node error', note)
  redis.on('ready', () => void lastErrors.delete(redis))
  return redis
}

/** Ends a connection whose database cannot be selected. ioredis would go on in database 0, which may be another one's. */
function leaveWrongDatabase(redis: Redis, error: Error): void {
  if ((error as { command?: { name?: string } }).command?.name === 'select') redis.disconnect(true)
}
