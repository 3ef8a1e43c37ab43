import { sql } from 'kysely'
import { createDb, type DbOptions } from './client.ts'
import type { ClockSample, CorrectedClock } from './clock.ts'
import type { Db } from './types.ts'

/** The fastest of a few samples is the most exact: its uncertainty is half of the round trip. */
const sampleCount = 5

/**
 * Measures the offset of the system clock from that of Postgres, and corrects the given clock.
 * @returns the offset, positive when the system clock is fast
 */
export async function measureClock(
  db: Db,
  clock: CorrectedClock,
): Promise<{ offsetMs: number; uncertaintyMs: number }> {
  let best: ClockSample | undefined
  for (let count = 0; count < sampleCount; count++) {
    const sample = await takeSample(db)
    if (!best || sample.uncertaintyMs < best.uncertaintyMs) best = sample
  }
  if (!best) throw new Error('No sample of the clock was taken.')
  clock.correct(best)
  return { offsetMs: best.systemMs - best.databaseMs, uncertaintyMs: best.uncertaintyMs }
}

/** Corrects the clock at start, over a connection of its own. @throws while Postgres is unavailable */
export async function correctAtStart(
  database: Omit<DbOptions, 'applicationName' | 'poolMax'>,
  clock: CorrectedClock,
): Promise<void> {
  const db = createDb({ ...database, poolMax: 1, applicationName: 'muster-clock' })
  try {
    await measureClock(db, clock)
  } finally {
    await db.destroy()
  }
}

async function takeSample(db: Db): Promise<ClockSample> {
  const startMs = performance.now()
  const { rows } = await sql<{ databaseMs: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::float8 as "databaseMs"`.execute(db)
  const endMs = performance.now()
  // The system clock is read once, after the response; the middle of the round trip was half of its duration earlier.
  const systemMs = Date.now() - (performance.now() - startMs) / 2
  const databaseMs = rows[0]?.databaseMs
  if (databaseMs === undefined) throw new Error('Postgres returned no time.')
  return { databaseMs, systemMs, monotonicMs: (startMs + endMs) / 2, uncertaintyMs: (endMs - startMs) / 2 }
}
