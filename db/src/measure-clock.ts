import { sql } from 'kysely'
import { createDb } from './client.ts'
import type { ClockSample, CorrectedClock } from './clock.ts'
import type { Db } from './types.ts'

/** The quickest of a few is the most exact: what is uncertain is half of its round trip. */
const sampleCount = 5

/**
 * Measures the system clock of this process against that of Postgres and corrects the clock by it.
 * @returns how far the system clock is ahead
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

/** Corrects the clock before anything uses it, over a connection of its own. @throws while Postgres is away */
export async function correctAtStart(url: string, clock: CorrectedClock): Promise<void> {
  const db = createDb({ url, poolMax: 1, applicationName: 'muster-clock' })
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
  // The system clock is read once; the middle of the round trip is behind it by half of it.
  const systemMs = Date.now() - (performance.now() - startMs) / 2
  const databaseMs = rows[0]?.databaseMs
  if (databaseMs === undefined) throw new Error('Postgres did not tell its time.')
  return { databaseMs, systemMs, monotonicMs: (startMs + endMs) / 2, uncertaintyMs: (endMs - startMs) / 2 }
}
