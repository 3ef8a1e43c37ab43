import { newRequestId } from '@muster/cause'
import { reportError } from '@muster/error-reports'
import { DomainError, invalid } from '@muster/errors'
import type { Logger } from '@muster/logger'
import {
  type Acknowledgement,
  type ClientEventData,
  type ClientEventName,
  type ClientEventPayload,
  clientEvents,
} from '@muster/realtime/events'
import { absoluteFileUrls } from '@muster/realtime/shapes'
import { beginTrace, runWith } from '@muster/tracing'
import { detailsOfIssues, houseSentence } from '../http/errors/details-of-issues.ts'
import { catalogued, errorEnvelope } from '../http/errors/error-answer.ts'
import { rateLimited, scaledMax, socketLimits } from '../http/limits/limits.ts'
import type { Connection } from './connections.ts'
import { eventsReceived } from './metrics.ts'
import type { SessionWatch } from './session-watch.ts'

export type Handler<Name extends ClientEventName> = (
  connection: Connection,
  payload: ClientEventPayload<Name>,
) => ClientEventData<Name> | Promise<ClientEventData<Name>>

export type Dispatcher = {
  handle<Name extends ClientEventName>(event: Name, handler: Handler<Name>): void
  /** Answers an event of a client. Never rejects. `packet` has the event, its arguments, and the function that acknowledges it. */
  dispatch(connection: Connection, packet: readonly unknown[]): Promise<void>
}

const retrySeconds = 2
const openPatienceMs = 1_000
const maxNameLength = 100

/** Creates the dispatcher of clients' events: each is validated, handled and acknowledged with data or the error of HTTP. */
export function createDispatcher(
  { log, rateLimitScale, publicUrl }: { log: Logger; rateLimitScale: number; publicUrl: URL },
  gate: Pick<SessionWatch, 'isOpen' | 'whenOpen' | 'isRevoked'>,
): Dispatcher {
  const handlers = new Map<string, Handler<ClientEventName>>()
  const urlOf = (path: string) => new URL(path, publicUrl).href
  const conversions = new Map(
    Object.entries(clientEvents).map(([event, { data }]) => [event, absoluteFileUrls(data)] as const),
  )

  const assertAllowed = ({ actor }: Connection) => {
    if (gate.isRevoked(actor)) throw new DomainError('SESSION_REVOKED')
    if (actor.lacksFactor) throw new DomainError('TWO_FACTOR_REQUIRED')
  }

  const answer = async (connection: Connection, event: string, args: readonly unknown[]): Promise<unknown> => {
    countEvent(connection, rateLimitScale)
    await connection.internals.ready
    assertAllowed(connection)
    const handler = handlers.get(event)
    if (!handler) {
      const message = `There is no event ${JSON.stringify(event.slice(0, maxNameLength))}.`
      throw new DomainError('NOT_FOUND', { message })
    }
    const payload = parse(event as ClientEventName, args)
    await assertOpen(gate)
    const data = await handler(connection, payload)
    // Meanwhile the session may have changed, and the data may be private.
    assertAllowed(connection)
    await assertOpen(gate)
    return conversions.get(event)?.(data, urlOf) ?? data
  }

  const labelOf = (event: string) => (handlers.has(event) ? event : 'unknown')

  /** @returns `ok`, or the code of the error that was answered */
  const dispatch = async (connection: Connection, packet: readonly unknown[], requestId: string): Promise<string> => {
    const last = packet.at(-1)
    const acknowledge = typeof last === 'function' ? (last as (answer: Acknowledgement<unknown>) => void) : undefined
    const [name, ...args] = acknowledge ? packet.slice(0, -1) : packet
    const event = String(name)
    const label = labelOf(event)
    try {
      const data = await answer(connection, event, args)
      eventsReceived.inc({ event: label, result: 'ok' })
      acknowledge?.({ success: true, data })
      return 'ok'
    } catch (thrown) {
      const error = catalogued(thrown as Error)
      if (error.code === 'INTERNAL') {
        log.error({ component: 'realtime', err: thrown, socketEvent: label }, 'realtime event failed')
        reportError(thrown, { tags: { event: label }, requestId, given: args })
      }
      eventsReceived.inc({ event: label, result: error.code })
      acknowledge?.(failure(error, requestId))
      return error.code
    }
  }

  return {
    handle(event, handler) {
      if (handlers.has(event)) throw new Error(`The event ${event} has two handlers.`)
      handlers.set(event, handler as unknown as Handler<ClientEventName>)
    },
    dispatch(connection, packet) {
      const requestId = newRequestId()
      const trace = beginTrace(`socket ${labelOf(String(packet[0]))}`, { kind: 'server', id: requestId })
      return runWith(trace, { requestId }, async () => {
        const result = await dispatch(connection, packet, requestId)
        trace?.end({ attributes: { 'muster.result': result }, isFailed: result === 'INTERNAL' })
      })
    },
  }
}

function failure(error: DomainError, requestId: string): Acknowledgement<never> {
  const envelope = errorEnvelope(error, requestId)
  const { retryAfterSeconds: retryAfter } = error
  return retryAfter === undefined ? envelope : { ...envelope, error: { ...envelope.error, retryAfter } }
}

/** @throws DomainError VALIDATION_FAILED */
function parse<Name extends ClientEventName>(event: Name, args: readonly unknown[]): ClientEventPayload<Name> {
  const [given, ...more] = args
  if (more.length > 0) {
    const message = 'An event has one payload, and a function that gets the acknowledgement.'
    throw new DomainError('VALIDATION_FAILED', { message })
  }
  // Its methods would count as unknown keys.
  if (given instanceof Uint8Array) throw invalid('payload', 'WRONG_TYPE', { expected: 'object' })
  const { data, error } = clientEvents[event].payload.safeParse(given, { error: houseSentence, reportInput: true })
  if (error) throw new DomainError('VALIDATION_FAILED', { details: detailsOfIssues(error.issues, 'payload', given) })
  return data as ClientEventPayload<Name>
}

/**
 * Waits a moment for the revocations to be read.
 * @throws DomainError DEPENDENCY_UNAVAILABLE
 */
async function assertOpen({ isOpen, whenOpen }: Pick<SessionWatch, 'isOpen' | 'whenOpen'>): Promise<void> {
  if (isOpen()) return
  const timeout = Promise.withResolvers<void>()
  const timer = setTimeout(timeout.resolve, openPatienceMs)
  await Promise.race([whenOpen(), timeout.promise])
  clearTimeout(timer)
  if (!isOpen()) throw new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds: retrySeconds })
}

/**
 * Counts an event of the connection in its token bucket.
 * @throws DomainError RATE_LIMITED
 */
function countEvent({ internals }: Connection, scale: number): void {
  const burst = scaledMax({ max: socketLimits.events.burst }, scale)
  const perMs = (socketLimits.events.perSecond * scale) / 1_000
  const nowMs = performance.now()
  const tokens = Math.min(burst, internals.tokens + (nowMs - internals.tokensAtMs) * perMs)
  internals.tokensAtMs = nowMs
  internals.tokens = tokens < 1 ? tokens : tokens - 1
  if (tokens < 1) throw rateLimited((1 - tokens) / perMs)
}
