import type { CacheName, CacheResult } from '@muster/cache'
import { registerMetric } from '@muster/telemetry'

const reads: Record<CacheName, Record<CacheResult, number>> = {
  profile: { hit: 0, miss: 0, error: 0 },
  analytics: { hit: 0, miss: 0, error: 0 },
}

registerMetric({
  name: 'muster_cache_requests_total',
  help: 'Reads of cached values: `hit`, `miss` (read from Postgres), `error` (Redis did not answer; read from Postgres).',
  labelNames: ['cache', 'result'],
  type: 'counter',
  read: () =>
    Object.entries(reads).flatMap(([cache, results]) =>
      Object.entries(results).map(([result, value]) => ({ labels: { cache, result }, value })),
    ),
})

/** Counts a read. Most signed-in requests make one, so that it costs no more than an addition. */
export function countCacheRead(name: CacheName, result: CacheResult): void {
  reads[name][result] += 1
}
