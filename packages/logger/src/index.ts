import { currentCause } from '@muster/cause'
import { visibleJson } from '@muster/text'
import { trace } from '@opentelemetry/api'
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { nameComponents } from './component.ts'
import { withEvent } from './event.ts'

export type { Logger } from 'pino'
export { eventOf } from './event.ts'

/** Keys whose values are never logged, at the top level and up to two levels below. */
const secretKeys = [
  'password',
  'currentPassword',
  'newPassword',
  'passwordHash',
  'password_hash',
  'otp',
  'token',
  'challengeToken',
  'secret',
  'seed',
  'cookie',
  'set-cookie',
  'authorization',
  'html',
  'text',
]

/**
 * Replaces the values of secret keys in an object, at every depth, for what is shown instead of logged. `code` counts as one of them, as in
 * a request or a mail.
 */
export const hideSecrets = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (key, inner) => (isSecretKey(key) ? censor : inner)))

const isSecretKey = (key: string) => key === 'code' || secretKeys.includes(key)
const censor = '[redacted]'

const redactPaths = secretKeys.flatMap((key) => {
  const quoted = `["${key}"]`
  return [quoted, `*${quoted}`, `*.*${quoted}`]
})
/** The `code` of a request or a mail is a secret; the `code` of an error is not. */
const codePaths = ['code', 'body.code', '*.body.code', 'data.code', '*.data.code']

/** Adds the request that caused a line, so that a search for its id finds all of them, and the span in a trace that is recorded. */
function causeFields(): object {
  const { requestId, clientRequestId } = currentCause() ?? {}
  const active = trace.getActiveSpan()
  const span = active?.isRecording() ? active.spanContext() : undefined
  return {
    ...(requestId && { requestId }),
    ...(clientRequestId && { clientRequestId }),
    ...(span && { traceId: span.traceId, spanId: span.spanId }),
  }
}

/**
 * Creates the logger of a process. It writes JSON lines to standard output and redacts secrets by their keys. Each line has an `event`, made
 * from its message, the `component` of `log.child({ component })` or of its fields (`process` when neither names one), and the request that caused it.
 * @param options.name the process, e.g. `api` or `email-worker`
 * @param options.destination replaces standard output
 */
export function createLogger(options: { name: string; level?: string; destination?: DestinationStream }): Logger {
  const settings: LoggerOptions = {
    name: options.name,
    level: options.level ?? 'info',
    base: { name: options.name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: causeFields,
    redact: { paths: [...redactPaths, ...codePaths], censor },
    // Logs contain text from users. Its control characters must not act on the terminal of a reader.
    hooks: { streamWrite: visibleJson, logMethod: withEvent },
  }
  return nameComponents(settings, (complete) =>
    options.destination ? pino(complete, options.destination) : pino(complete),
  )
}
