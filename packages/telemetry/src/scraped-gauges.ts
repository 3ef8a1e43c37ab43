import { sharedFor } from './dependency.ts'
import { registerMetric, type Sample } from './own-metric.ts'

type ScrapedGauge<T> = {
  name: string
  help: string
  labelNames?: readonly string[]
  /** Returns the samples of a reading. */
  samples: (reading: T) => Sample[]
}

/** How long one reading serves all scrapes. */
const maxAgeMs = 2_000
/** The other metrics of a scrape wait this long for a source that does not answer. */
const patienceMs = 900

/**
 * Registers gauges whose values are read when they are scraped, in one reading for all of them and for all scrapes of two seconds. While
 * the source does not answer, their series are absent, so that no old value passes for a present one.
 */
export function scrapedGauges<T>(read: () => Promise<T>, gauges: readonly ScrapedGauge<T>[]): void {
  const shared = sharedFor(maxAgeMs, read)
  for (const { samples, labelNames = [], ...named } of gauges) {
    registerMetric({
      ...named,
      labelNames,
      type: 'gauge',
      async read() {
        const reading = await answerWithin(patienceMs, shared())
        return reading ? samples(reading.value) : []
      },
    })
  }
}

/** Waits for an answer, but no longer than the limit. Never rejects. @returns undefined without an answer */
export async function answerWithin<T>(limitMs: number, answer: Promise<T>): Promise<{ value: T } | undefined> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs)
  })
  const outcome = answer.then(
    (value) => ({ value }),
    () => undefined,
  )
  return Promise.race([outcome, limit]).finally(() => clearTimeout(timer))
}
