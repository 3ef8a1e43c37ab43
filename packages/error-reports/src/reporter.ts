import type { ErrorReportsSettings } from '@muster/config'
import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import { version } from '@muster/telemetry/version'
import { type BaseTransportOptions, createStackParser, createTransport } from '@sentry/core'
import { ServerRuntimeClient } from '@sentry/core/server'
import type { ErrorContext } from './report-error.ts'
import { toEvent } from './to-event.ts'

/** Upper bound of one request to the server. */
const sendMs = 5_000
const closeMs = 2_000
/** Events that are on their way at the same time; further ones are dropped, so that a server that does not respond fills no memory. */
const maxSending = 16
/** One fault that fails every request needs no report of each. */
const maxPerMinute = 60

type ReporterOptions = { name: string; settings: ErrorReportsSettings; log: Logger }

/** Creates the reporter of a process over the client of Sentry, of which it uses envelopes, addresses and rate limits alone. */
export function createReporter({ name, settings, log }: ReporterOptions) {
  const client = new ServerRuntimeClient({
    dsn: settings.dsn,
    environment: settings.environment,
    release: `muster@${version}`,
    integrations: [],
    stackParser: createStackParser(),
    sendClientReports: false,
    traceLifecycle: 'static',
    transport: createHttpTransport(log),
    transportOptions: { bufferSize: maxSending },
  })
  client.init()
  const mayReport = limitPerMinute()
  return {
    report(error: unknown, context: ErrorContext) {
      if (mayReport()) client.captureEvent(toEvent(error, { ...context, tags: { ...context.tags, process: name } }))
    },
    async close() {
      await client.close(closeMs)
    },
  }
}

/** Creates the transport: `fetch` with a time limit. The log tells once when the server takes no reports, and once when it does again. */
function createHttpTransport(log: Logger) {
  const outage = trackOutage({
    log,
    fields: { dependency: 'sentry', component: 'error-reports' },
    down: 'error report not sent, reports are dropped meanwhile',
    up: 'error reports are sent again',
  })
  return ({ url, headers, ...options }: BaseTransportOptions) =>
    createTransport(options, async ({ body }) => {
      try {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/x-sentry-envelope' },
          body: body as string,
          signal: AbortSignal.timeout(sendMs),
        })
        await answer.body?.cancel()
        if (answer.ok || answer.status === 429) outage.succeeded()
        else
          outage.failed(Object.assign(new Error('The server refused the report.'), { code: `HTTP_${answer.status}` }))
        return {
          statusCode: answer.status,
          headers: {
            'x-sentry-rate-limits': answer.headers.get('x-sentry-rate-limits'),
            'retry-after': answer.headers.get('retry-after'),
          },
        }
      } catch (error) {
        outage.failed(error)
        return {}
      }
    })
}

function limitPerMinute(): () => boolean {
  let [startMs, count] = [0, 0]
  return () => {
    const nowMs = performance.now()
    if (nowMs - startMs > 60_000) [startMs, count] = [nowMs, 0]
    return ++count <= maxPerMinute
  }
}
