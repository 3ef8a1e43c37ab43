import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'

/** A span as the collector got it. */
export type ReceivedSpan = {
  /** The name of the process that sent it. */
  service: string
  name: string
  /** As in the definition: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number
  traceId: string
  spanId: string
  /** Undefined for the first span of a trace. */
  parentId: string | undefined
  attributes: Record<string, unknown>
  links: { traceId: string; spanId: string }[]
  isFailed: boolean
  startNs: bigint
  endNs: bigint
}

/** A collector of OpenTelemetry that takes traces over HTTP as protobuf, and keeps them. */
export type OtlpReceiver = {
  url: string
  spans: ReceivedSpan[]
  /** The headers of each request. */
  headers: IncomingMessage['headers'][]
  /** All that was sent, as bytes: what is not in it was not sent. */
  received: Buffer[]
  /** Lets requests wait, as a collector that is frozen does, until the returned function is called. */
  freeze(): () => void
  close(): Promise<void>
}

/** The part of the definition of OTLP 1.x that traces consist of. */
const definition = `
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    repeated Link links = 13; Status status = 15;
  }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; }
  }
  message ArrayValue { repeated AnyValue values = 1; }`

type Any = Record<string, unknown> & { arrayValue?: { values: Any[] } }
type KeyValue = { key: string; value: Any }
type Span = {
  traceId: Buffer
  spanId: Buffer
  parentSpanId: Buffer
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: KeyValue[]
  links: { traceId: Buffer; spanId: Buffer }[]
  status: { code: number } | null
}
type Message = { resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: Span[] }[] }[] }

/** Starts the collector on a free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const type = protobuf.parse(definition).root.lookupType('ExportTraceServiceRequest')
  const spans: ReceivedSpan[] = []
  const headers: IncomingMessage['headers'][] = []
  const received: Buffer[] = []
  let thawed: Promise<void> | undefined
  const server = createServer(async (request, response) => {
    await thawed
    const body = await buffer(request).catch(() => undefined)
    // A client that gave up its request sends it again.
    if (!body) return
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    const isTrace = request.method === 'POST' && request.url === '/v1/traces'
    const isProtobuf = request.headers['content-type'] === 'application/x-protobuf'
    if (!isTrace || !isProtobuf) return void response.writeHead(isTrace ? 415 : 404).end()
    headers.push(request.headers)
    received.push(bytes)
    const options = { longs: String, arrays: true, oneofs: true }
    const message = type.toObject(type.decode(bytes), options) as Message
    spans.push(...spansOf(message))
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    received,
    freeze() {
      const { promise, resolve } = Promise.withResolvers<void>()
      thawed = promise
      return () => {
        thawed = undefined
        resolve()
      }
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const spansOf = ({ resourceSpans }: Message): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => toReceived(span, service)))
  })

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const failed = 2

const toReceived = (span: Span, service: string): ReceivedSpan => ({
  service,
  name: span.name,
  kind: span.kind,
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentId: span.parentSpanId?.length > 0 ? hex(span.parentSpanId) : undefined,
  attributes: valuesOf(span.attributes),
  links: span.links.map(({ traceId, spanId }) => ({ traceId: hex(traceId), spanId: hex(spanId) })),
  isFailed: span.status?.code === failed,
  startNs: BigInt(span.startTimeUnixNano),
  endNs: BigInt(span.endTimeUnixNano),
})

const valuesOf = (pairs: KeyValue[]) => Object.fromEntries(pairs.map(({ key, value }) => [key, plainOf(value)]))

function plainOf(any: Any): unknown {
  if (any.arrayValue) return any.arrayValue.values.map(plainOf)
  return any.value === 'intValue' ? Number(any.intValue) : any[String(any.value)]
}
