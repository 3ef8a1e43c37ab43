import type { Metric } from 'prom-client'
import { registry } from './registry.ts'

/** A sample of a metric, with its labels. */
export type Sample = { labels?: Record<string, string | number>; value: number }

type OwnMetric = {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  labelNames: readonly string[]
  /** `metricName` differs from the name of the metric for the samples of a histogram. */
  read: () => (Sample & { metricName?: string })[] | Promise<Sample[]>
}

/** Registers a metric that keeps its values itself, instead of one of prom-client. */
export function registerMetric({ read, ...metric }: OwnMetric): void {
  const own = {
    ...metric,
    aggregator: 'sum',
    reset() {},
    get: async () => ({ ...metric, aggregator: 'sum', values: await read() }),
  }
  registry.registerMetric(own as unknown as Metric)
}
