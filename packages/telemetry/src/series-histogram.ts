import { registerMetric } from './own-metric.ts'

/** Adds one observation to a series. */
export type Observe = (value: number) => void

type Options<L extends string> = { name: string; help: string; labelNames?: readonly L[]; buckets: readonly number[] }
type Series = { labels: Record<string, string | number>; counts: number[]; sum: number }

/**
 * Registers a histogram for paths that every request takes. Its callers keep the function of each series: an observation costs a
 * search among the buckets, while prom-client builds a key from the labels each time.
 * @returns a function that returns the series of labels
 */
export function seriesHistogram<const L extends string = never>({
  buckets,
  labelNames = [],
  ...named
}: Options<L>): (labels: Record<L, string | number>) => Observe {
  const all = new Map<string, Series & { observe: Observe }>()
  registerMetric({
    ...named,
    labelNames,
    type: 'histogram',
    read: () => [...all.values()].flatMap((series) => samplesOf(named.name, series, buckets)),
  })
  return (labels) => {
    const key = labelNames.map((name) => labels[name]).join('\n')
    const known = all.get(key)
    if (known) return known.observe
    const series = createSeries(labels, buckets)
    all.set(key, series)
    return series.observe
  }
}

function createSeries(labels: Series['labels'], buckets: readonly number[]): Series & { observe: Observe } {
  // The last count is that of values above all bounds.
  const counts = [...buckets, 0].map(() => 0)
  const series = {
    labels,
    counts,
    sum: 0,
    observe(value: number) {
      let place = 0
      while (place < buckets.length && value > (buckets[place] as number)) place += 1
      counts[place] = (counts[place] as number) + 1
      series.sum += value
    },
  }
  return series
}

/** Returns the samples of a series. Each bucket counts all values up to its bound. */
function samplesOf(name: string, { labels, counts, sum }: Series, buckets: readonly number[]) {
  let count = 0
  const samples = [...buckets, '+Inf'].map((le, place) => {
    count += counts[place] as number
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  })
  return [
    ...samples,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
