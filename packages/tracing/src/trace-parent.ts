import { isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api'

const shape = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/
const maxLength = 200

/** Parses a `traceparent` (W3C Trace Context); undefined for anything else. */
export function parseTraceParent(text: unknown): SpanContext | undefined {
  if (typeof text !== 'string' || text.length > maxLength) return undefined
  const [, traceId = '', spanId = '', flags = ''] = shape.exec(text) ?? []
  // Version ff is invalid; later versions begin as version 00 does.
  if (text.startsWith('ff') || (text.startsWith('00') && text.length !== 55)) return undefined
  const parsed = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true }
  return isSpanContextValid(parsed) ? parsed : undefined
}

/** Formats a span as the `traceparent` of what it causes. */
export const traceParentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags & TraceFlags.SAMPLED ? '01' : '00'}`
