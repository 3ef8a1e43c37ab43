import type { SampledSpan } from './minute-samples.queries.ts'

/** How many minutes of samples the rates are measured over, and how many of them must be known. */
export const forecastMinutes = 15
const neededMinutes = 3
const moreWorkers = [1, 2, 4, 8]
const minuteMs = 60_000

export type ForecastOption = { moreWorkers: number; clearsAt: string | null }

export type Forecast = {
  /** How many of the last minutes were measured. */
  measuredMinutes: number
  backlog: number
  addedPerMinute: number
  completedPerMinute: number
  /** Processes that run now; null when that is not known. */
  workers: number | null
  /** When the queue is empty with the present workers; null when it grows or stays. */
  clearsAt: string | null
  options: ForecastOption[]
}

/**
 * Tells from measured rates when a queue is empty, and with how many more workers it would be sooner. A process is taken to do as much as those that
 * run do on average while jobs wait, so what they share (the mail server, Postgres) is assumed to keep up.
 * @returns null when fewer than three minutes are known
 */
export function forecast(given: {
  /** Of one minute each. */
  samples: readonly SampledSpan[]
  backlog: number
  workers: number | null
  now: Date
}): Forecast | null {
  const { backlog, workers, now } = given
  const known = given.samples.flatMap(({ added, completed, failed, waiting }) =>
    added === null || completed === null ? [] : [{ added, done: completed + (failed ?? 0), waiting: waiting ?? 0 }],
  )
  if (known.length < neededMinutes) return null
  const addedPerMinute = average(known.map(({ added }) => added))
  const busy = known.filter(({ waiting }) => waiting > 0)
  const completedPerMinute = average((busy.length > 0 ? busy : known).map(({ done }) => done))
  const clearsAtWith = (perMinute: number) => {
    if (backlog === 0) return now.toISOString()
    const net = perMinute - addedPerMinute
    return net > 0 ? new Date(now.getTime() + (backlog / net) * minuteMs).toISOString() : null
  }
  const isMeasured = workers !== null && workers > 0 && completedPerMinute > 0
  return {
    measuredMinutes: known.length,
    backlog,
    addedPerMinute: rounded(addedPerMinute),
    completedPerMinute: rounded(completedPerMinute),
    workers,
    clearsAt: clearsAtWith(completedPerMinute),
    options: isMeasured
      ? moreWorkers.map((more) => ({
          moreWorkers: more,
          clearsAt: clearsAtWith((completedPerMinute / workers) * (workers + more)),
        }))
      : [],
  }
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const rounded = (value: number) => Math.round(value * 10) / 10
