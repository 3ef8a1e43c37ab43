import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** An event as Sentry's envelope has it. */
export type ReceivedEvent = {
  release?: string
  environment?: string
  tags?: Record<string, string>
  exception?: { values: { type: string; value: string; stacktrace?: { frames: { filename?: string }[] } }[] }
} & Record<string, unknown>

/** A server that speaks the envelope protocol of Sentry, and keeps what it gets. */
export type SentryReceiver = {
  dsn: string
  events: ReceivedEvent[]
  /** All that was sent, requests with their headers. */
  received: string[]
  close(): Promise<void>
}

const project = '7'
const key = '0123456789abcdef0123456789abcdef'

/** Starts the server on a free port. */
export async function startSentryReceiver(): Promise<SentryReceiver> {
  const events: ReceivedEvent[] = []
  const received: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    received.push(`${request.url}\n${JSON.stringify(request.headers)}\n${body}`)
    const url = new URL(request.url ?? '/', 'http://localhost')
    const isKnown = url.pathname === `/api/${project}/envelope/` && url.searchParams.get('sentry_key') === key
    if (request.method !== 'POST' || !isKnown) return void response.writeHead(403).end()
    events.push(...eventsOf(body))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    dsn: `http://${key}@127.0.0.1:${(server.address() as AddressInfo).port}/${project}`,
    events,
    received,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Reads the items of an envelope: a line of headers for all, then for each item a line of headers and its payload, JSON on a line. */
function eventsOf(envelope: string): ReceivedEvent[] {
  const [, ...lines] = envelope.split('\n')
  const events: ReceivedEvent[] = []
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const { type } = JSON.parse(lines[index] ?? '{}') as { type?: string }
    if (type === 'event') events.push(JSON.parse(lines[index + 1] ?? '{}'))
  }
  return events
}
