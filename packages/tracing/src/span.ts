import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

const kinds = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}

/** The attributes of a span. Names and attributes hold no ids, addresses, URLs or values of users. */
export type SpanOptions = { kind?: keyof typeof kinds; attributes?: Attributes }

/** Returns the tracer of this process, which does nothing while tracing is off. */
export const tracer = () => trace.getTracer('muster')

/** Converts the options to those of OpenTelemetry. */
export const startOptions = ({ kind = 'internal', attributes = {} }: SpanOptions) => ({ kind: kinds[kind], attributes })

/**
 * Runs `fn` as a span of the current one. Without one, because tracing is off or the trace is not recorded, it only runs `fn`; so it does
 * when the current one has ended, as in a timer that a request started and that serves all.
 */
export function span<T>(name: string, options: SpanOptions, fn: () => Promise<T>): Promise<T> {
  if (!trace.getActiveSpan()?.isRecording()) return fn()
  const started = tracer().startSpan(name, startOptions(options))
  return endWith(started, context.with(trace.setSpan(context.active(), started), fn))
}

async function endWith<T>(started: Span, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome
  } catch (error) {
    noteError(started, error)
    throw error
  } finally {
    started.end()
  }
}

/** Marks a span as failed, by the kind of the error: its message may hold what users wrote. */
export function noteError(failed: Span, error: unknown): void {
  failed.setStatus({ code: SpanStatusCode.ERROR })
  failed.setAttribute('error.type', errorTypeOf(error))
}

/** Returns a code that is a plain word, or else the name of the class. */
function errorTypeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown }
  const known = [code, name].find((one) => typeof one === 'string' && /^[A-Za-z0-9_]{2,60}$/.test(one))
  return known === undefined ? '_OTHER' : String(known)
}
