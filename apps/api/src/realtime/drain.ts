import { setTimeout as sleep } from 'node:timers/promises'
import { closeForReconnect } from './close-connection.ts'
import type { Connection, Connections } from './connections.ts'
import type { Emit } from './emitter.ts'

/** A process stops within 25 s of the signal; this is kept for requests that still run after the sockets. */
const stopMs = 25_000
const restMs = 5_000
const maxDrainMs = 10_000
const sliceMs = 100
/** Ten connections a slice: few clients need not wait, and many do not connect again at once. */
const perConnectionMs = 10
const leaveMs = 600

export type Drain = { hasBegun(): boolean; run(): Promise<void> }

/**
 * Creates the drain: each connection learns when it will close, and they close slice by slice, so that their clients connect to other
 * instances one after the other while this one still answers requests.
 */
export function drainConnections({
  connections,
  emitAlways,
  shutdownDelayMs,
}: {
  connections: Pick<Connections, 'all' | 'size'>
  emitAlways: Emit
  shutdownDelayMs: number
}): Drain {
  let isDraining = false
  return {
    hasBegun: () => isDraining,
    async run() {
      isDraining = true
      const limitMs = Math.max(0, Math.min(maxDrainMs, stopMs - restMs - shutdownDelayMs))
      const open = [...connections.all()]
      const stepMs = Math.min(perConnectionMs, limitMs / open.length)
      open.forEach((connection, index) => {
        emitAlways([connection], 'server:draining', { delayMs: Math.round((index + 1) * stepMs) })
      })
      await closeInSlices(open, stepMs)
      for (const connection of connections.all()) closeForReconnect(connection)
      const endMs = performance.now() + leaveMs
      while (connections.size > 0 && performance.now() < endMs) await sleep(sliceMs / 4)
    },
  }
}

async function closeInSlices(open: readonly Connection[], stepMs: number): Promise<void> {
  const startMs = performance.now()
  for (let closed = 0; closed < open.length; ) {
    await sleep(Math.min(sliceMs, open.length * stepMs))
    const due = Math.min(open.length, Math.floor((performance.now() - startMs) / stepMs))
    for (; closed < due; closed++) closeForReconnect(open[closed] as Connection)
  }
}
