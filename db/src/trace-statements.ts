import { type Context, context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

type Described = { name: string; text: string }

/** Statements are few, apart from those whose number of parameters varies. */
const maxDescribed = 1_000
const described = new Map<string, Described>()
/** Waiting for a connection of the pool for less time makes no span. */
const noticeableWaitMs = 1
const maxTables = 3

const tracer = () => trace.getTracer('muster')

/** Tests whether there is a current span. One that has ended is that of a request which started a timer for all. */
const isTraced = () => trace.getActiveSpan()?.isRecording() === true

/** Runs a statement as a span of the current trace, if there is one. The span has the text, whose values are placeholders. */
export function traceStatement<T>(text: string, run: () => Promise<T>): Promise<T> {
  return isTraced() ? runTraced(text, run) : run()
}

async function runTraced<T>(statement: string, run: () => Promise<T>): Promise<T> {
  const { name, text } = describe(statement)
  const span = startClientSpan(name, { 'db.query.text': text })
  try {
    return await run()
  } catch (error) {
    noteError(span, error)
    throw error
  } finally {
    span.end()
  }
}

/** Makes a span of the wait for a connection, if it belongs to a trace and took long enough to matter. */
export function traceWait<T>(wait: () => Promise<T>): Promise<T> {
  return isTraced() ? waitTraced(wait) : wait()
}

async function waitTraced<T>(wait: () => Promise<T>): Promise<T> {
  const startMs = performance.now()
  const end = (error?: unknown) => {
    if (error === undefined && performance.now() - startMs < noticeableWaitMs) return
    const span = startClientSpan('wait for a connection', {}, startMs)
    if (error !== undefined) noteError(span, error)
    span.end(performance.now())
  }
  try {
    const connection = await wait()
    end()
    return connection
  } catch (error) {
    end(error)
    throw error
  }
}

const startClientSpan = (name: string, attributes: Record<string, string>, startTime?: number): Span =>
  tracer().startSpan(name, {
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'postgresql', ...attributes },
    ...(startTime !== undefined && { startTime }),
  })

/** The SQLSTATE or the errno; messages of Postgres quote values. */
function noteError(span: Span, error: unknown): void {
  const { code, name } = Object(error) as { code?: string; name?: string }
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.setAttribute('error.type', code ?? name ?? '_OTHER')
}

/** Names a statement by what it does to which tables, e.g. `insert tasks, audit_pending`, and puts its text on one line. */
function describe(statement: string): Described {
  const known = described.get(statement)
  if (known) return known
  const text = statement.replace(/\s+/g, ' ').trim()
  const made = { name: nameOf(text), text }
  if (described.size < maxDescribed) described.set(statement, made)
  return made
}

const named = /^(?:select|with|insert|update|delete)\b/i
const commonTables = /\b(\w+) as (?:not )?(?:materialized )?\(/gi
const writes = /\b(insert) into "?(\w+)|\b(delete) from "?(\w+)|\b(update) "?(\w+)"?(?: as \w+| \w+)? set\b/gi
/** Not functions such as `unnest`. */
const reads = /\b(?:from|join) "?(\w+)\b(?! ?\()/gi

function nameOf(text: string): string {
  if (!named.test(text)) return /^\w+/.exec(text.toLowerCase())?.[0] ?? 'statement'
  const common = new Set([...text.matchAll(commonTables)].map(([, name]) => name))
  const listed = (tables: (string | undefined)[]) =>
    [...new Set(tables)]
      .filter((table) => table !== undefined && !common.has(table))
      .slice(0, maxTables)
      .join(', ')
  const changes = [...text.matchAll(writes)].map((match) => match.slice(1).filter((part) => part !== undefined))
  const verb = changes[0]?.[0]?.toLowerCase() ?? 'select'
  const tables = changes[0] ? changes.map(([, table]) => table) : [...text.matchAll(reads)].map(([, table]) => table)
  return `${verb} ${listed(tables)}`.trim()
}

/** Where the spans of a caller belong; undefined when its trace is not recorded. */
export type Origin = Context | undefined

/** Lets a caller wait for a statement that it shares with others, as a span of its trace if that is recorded. */
export function traceShared<T>(join: (origin: Origin) => Promise<T>): Promise<T> {
  if (!isTraced()) return join(undefined)
  const span = startClientSpan('shared statement', {})
  const shared = join(trace.setSpan(context.active(), span))
  const end = () => span.end()
  shared.then(end, (error: unknown) => {
    noteError(span, error)
    end()
  })
  return shared
}

/** Runs a statement for several callers: its spans belong to the first of them whose trace is recorded. */
export const runShared = <T>(origins: readonly Origin[], run: () => T): T =>
  context.with(origins.find((origin) => origin !== undefined) ?? ROOT_CONTEXT, run)
