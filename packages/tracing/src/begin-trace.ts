import { context, ROOT_CONTEXT, type Span, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { chooseTraceId, traceIdOf } from './ids.ts'
import { noteError, type SpanOptions, startOptions, tracer } from './span.ts'
import { isTracing, mayRecord } from './start-tracing.ts'
import { parseTraceParent, traceParentOf } from './trace-parent.ts'

/** The first span of this process in a trace: a request, an event or a job. */
export type TraceRoot = {
  /** For what it causes: also when the trace is not recorded, so that nothing that follows is recorded either. */
  traceParent: string
  /** Whether the trace is recorded. */
  isRecorded: boolean
  /** Runs `fn` so that its spans belong to this trace. */
  run<T>(fn: () => T): T
  /** Ends the span. @param outcome further attributes, and the error or whether there was one */
  end(outcome?: { attributes?: SpanOptions['attributes']; error?: unknown; isFailed?: boolean }): void
}

type BeginOptions = SpanOptions & {
  /** The `traceparent` of the cause within this installation. It decides whether the trace is recorded. */
  parent?: string | undefined
  /** A UUID that becomes the id of a new trace. */
  id?: string
  /** A `traceparent` from outside. Nobody there may choose the id of a trace or that it is recorded, so it is only linked. */
  link?: unknown
}

/** Begins a trace, or goes on with that of `parent`. @returns undefined while tracing is off */
export function beginTrace(name: string, { parent, id, link, ...options }: BeginOptions): TraceRoot | undefined {
  if (!isTracing()) return undefined
  const cause = parseTraceParent(parent)
  if (cause?.traceFlags === TraceFlags.NONE) return unrecorded(traceParentOf(cause))
  const traceId = cause ? undefined : traceIdOf(id)
  // Most requests: they are not worth a call of the SDK, nor a span id of their own, which nothing will refer to.
  if (traceId && !mayRecord(traceId))
    return unrecorded(traceParentOf({ traceId, spanId: traceId.slice(16), traceFlags: TraceFlags.NONE }))
  const linked = parseTraceParent(link)
  const started = chooseTraceId(traceId, () =>
    tracer().startSpan(
      name,
      { ...startOptions(options), ...(linked && { links: [{ context: linked }] }) },
      cause ? trace.setSpanContext(ROOT_CONTEXT, cause) : ROOT_CONTEXT,
    ),
  )
  return started.isRecording() ? recorded(started) : unrecorded(traceParentOf(started.spanContext()))
}

function recorded(started: Span): TraceRoot {
  const own = trace.setSpan(ROOT_CONTEXT, started)
  let isEnded = false
  return {
    traceParent: traceParentOf(started.spanContext()),
    isRecorded: true,
    run: (fn) => context.with(own, fn),
    end({ attributes, error, isFailed } = {}) {
      if (isEnded) return
      isEnded = true
      if (attributes) started.setAttributes(attributes)
      if (error !== undefined) noteError(started, error)
      else if (isFailed) started.setStatus({ code: SpanStatusCode.ERROR })
      started.end()
    },
  }
}

const unrecorded = (traceParent: string): TraceRoot => ({
  traceParent,
  isRecorded: false,
  run: (fn) => fn(),
  end() {},
})
