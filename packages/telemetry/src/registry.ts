import { Registry } from 'prom-client'

export { Counter, Gauge, Histogram } from 'prom-client'

/** The process's metrics, served by its ops server at `/metrics`. */
export const registry = new Registry()
