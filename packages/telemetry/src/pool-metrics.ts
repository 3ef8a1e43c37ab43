import { onPoolWait, type PoolName, readPoolStates } from '@muster/db'
import { registerMetric } from './own-metric.ts'
import { type Observe, seriesHistogram } from './series-histogram.ts'

/** Registers the metrics of all pools of this process, whenever these are opened. */
export function measurePools(): void {
  registerMetric({
    name: 'muster_database_pool_connections',
    help: 'Connections to Postgres, by pool: `active` ones are in use or being opened.',
    labelNames: ['pool', 'state'],
    type: 'gauge',
    read: () =>
      [...readPoolStates()].flatMap(([pool, { active, idle }]) => [
        { labels: { pool, state: 'active' }, value: active },
        { labels: { pool, state: 'idle' }, value: idle },
      ]),
  })

  registerMetric({
    name: 'muster_database_pool_waiting',
    help: 'Callers that wait for a connection of the pool.',
    labelNames: ['pool'],
    type: 'gauge',
    read: () => [...readPoolStates()].map(([pool, { waiting }]) => ({ labels: { pool }, value: waiting })),
  })

  const seriesOf = seriesHistogram({
    name: 'muster_database_pool_wait_seconds',
    help: 'Time that a caller waited for a connection of the pool, or for a new one.',
    labelNames: ['pool'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
  })
  const seriesByPool = new Map<PoolName, Observe>()

  onPoolWait((pool, seconds) => {
    const observe = seriesByPool.get(pool) ?? seriesOf({ pool })
    seriesByPool.set(pool, observe)
    observe(seconds)
  })
}
