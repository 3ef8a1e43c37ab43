import { Gauge, Registry } from 'prom-client'
import { version } from './version.ts'

export { Counter, Gauge, Histogram } from 'prom-client'

/** The registry of the process's metrics, which its ops server serves at `/metrics`. */
export const registry = new Registry()

export type MetricDefinition = { name: string; type: string; help: string; labelNames: readonly string[] }

/** Lists the metrics of this process with their labels, also those without series yet. */
export function listMetrics(): MetricDefinition[] {
  return (registry.getMetricsAsArray() as unknown as MetricDefinition[]).map(({ name, type, help, labelNames }) => ({
    name,
    type,
    help,
    labelNames,
  }))
}

new Gauge({
  name: 'muster_build_info',
  help: 'Always 1; the label says which release runs.',
  labelNames: ['version'],
  registers: [registry],
}).set({ version }, 1)
