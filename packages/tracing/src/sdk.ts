import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TracingSettings } from '@muster/config'
import type { Logger } from '@muster/logger'
import { version } from '@muster/telemetry/version'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { chosenTraceId } from './ids.ts'
import { exportWatched } from './watched-exporter.ts'

/** Upper bound of one request to the collector, its retries included. */
const exportMs = 5_000
/** Upper bound for sending the last spans when the process ends. */
const closeMs = 2_000
/** Spans beyond this number are dropped, so that a collector that does not respond fills no memory: they take about 2 MB. */
const maxSpans = 2_048
const maxBatch = 512
const intervalMs = 2_000
/** A value that is longer is cut off. */
const maxValueLength = 4_096

type Sdk = { isSampled(traceId: string): boolean; close(): Promise<void> }

type SdkOptions = { name: string; settings: TracingSettings; log: Logger }

/**
 * Starts the SDK of OpenTelemetry. Spans wait in memory and are sent in batches, beside all requests and jobs.
 * @returns whether a new trace of an id is recorded, and a function that sends the last spans
 */
export function startSdk({ name, settings, log }: SdkOptions): Sdk {
  const { url, headers, ratio, servicePrefix, resource } = settings
  // Ids are no secrets, and a call of the system for each took a tenth of a frequent request.
  const random = new RandomIdGenerator()
  const sampler = new TraceIdRatioBasedSampler(ratio)
  const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: exportMs })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': `${servicePrefix}-${name}`,
      'service.namespace': servicePrefix,
      'service.version': version,
      'service.instance.id': `${hostname()}:${process.pid}`,
      ...resource,
    }),
    sampler: new ParentBasedSampler({ root: sampler }),
    idGenerator: {
      generateTraceId: () => chosenTraceId() ?? random.generateTraceId(),
      generateSpanId: () => random.generateSpanId(),
    },
    spanLimits: { attributeValueLengthLimit: maxValueLength },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: exportWatched(exporter, log),
        maxQueueSize: maxSpans,
        maxExportBatchSize: maxBatch,
        scheduledDelayMillis: intervalMs,
        exportTimeoutMillis: exportMs + 1_000,
      }),
    ],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  trace.setGlobalTracerProvider(provider)
  return {
    isSampled: (traceId) =>
      sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED,
    async close() {
      await Promise.race([provider.shutdown().catch(() => {}), sleep(closeMs, undefined, { ref: false })])
    },
  }
}
