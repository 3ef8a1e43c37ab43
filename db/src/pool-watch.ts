/** The purpose of a pool. The API has several; other processes have `main` alone. */
export type PoolName = 'main' | 'lookups' | 'revocations' | 'realtime' | 'replica' | 'replica-watch'

/** Connections of a pool at one moment, and the callers that wait for one. */
export type PoolState = { active: number; idle: number; waiting: number }

type WatchedPool = { name: PoolName; state: () => PoolState }

const pools = new Set<WatchedPool>()
let noteWait: ((pool: PoolName, seconds: number) => void) | undefined

/** Adds a pool to those of this process. @returns a function that removes it */
export function watchPool(pool: WatchedPool): () => void {
  pools.add(pool)
  return () => void pools.delete(pool)
}

/** Returns the state of each kind of pool that this process has open. */
export function readPoolStates(): Map<PoolName, PoolState> {
  const states = new Map<PoolName, PoolState>()
  for (const { name, state } of pools) {
    const { active, idle, waiting } = state()
    const sum = states.get(name) ?? { active: 0, idle: 0, waiting: 0 }
    states.set(name, { active: sum.active + active, idle: sum.idle + idle, waiting: sum.waiting + waiting })
  }
  return states
}

/** Calls a listener with how long each caller of a pool waited for its connection. There is one listener; a later one replaces it. */
export function onPoolWait(listener: (pool: PoolName, seconds: number) => void): void {
  noteWait = listener
}

/** Waits for a connection and measures the wait; one that lies ready takes no time. */
export async function measureWait<T>(pool: PoolName, isReady: boolean, connect: () => Promise<T>): Promise<T> {
  if (!noteWait) return connect()
  if (isReady) {
    noteWait(pool, 0)
    return connect()
  }
  const startMs = performance.now()
  try {
    return await connect()
  } finally {
    noteWait(pool, (performance.now() - startMs) / 1_000)
  }
}
