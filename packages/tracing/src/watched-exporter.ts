import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import type { SpanExporter } from '@opentelemetry/sdk-trace'

/** Wraps an exporter so that the log tells once when the collector takes no spans, and once when it does again. */
export function exportWatched(exporter: SpanExporter, log: Logger): SpanExporter {
  const outage = trackOutage({
    log,
    fields: { dependency: 'otlp', component: 'tracing' },
    down: 'trace export failed, spans are dropped meanwhile',
    up: 'trace export works again',
  })
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === 0) outage.succeeded()
        else outage.failed(result.error)
        done(result)
      })
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}
