import type { DatabaseSettings } from './settings.ts'

/** The most connections to Postgres that an API opens beside its pool. */
export const besidePool = {
  /** Reads by key share one connection; without sessions, one would make them wait for each other. */
  lookups: { session: 1, transaction: 4 },
  revocations: 1,
  realtime: 4,
} as const

/** Returns how many connections to Postgres (or to the pooler before it) a process opens at most. */
export function maxConnectionsOf(
  kind: 'api' | 'worker',
  { poolMax, pooler }: Pick<DatabaseSettings, 'poolMax' | 'pooler'>,
): number {
  const { lookups, revocations, realtime } = besidePool
  return kind === 'worker' ? poolMax : poolMax + lookups[pooler] + revocations + realtime
}
