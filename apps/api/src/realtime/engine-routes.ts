import type { IncomingMessage } from 'node:http'
import { DomainError } from '@muster/errors'
import type { Server as EngineServer, Socket as EngineSocket } from 'engine.io'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { Actor } from '../http/actor.ts'
import { addressKey } from '../http/client-address.ts'
import { answerError, catalogued } from '../http/errors/error-answer.ts'
import { rateLimited, scaledMax, socketLimits } from '../http/limits/limits.ts'
import { socketPath, takeUpgrade } from '../http/server/upgrade.ts'
import { closeNow } from './close-connection.ts'
import type { RunningGateway } from './gateway.ts'
import { handshakesRefused } from './metrics.ts'

/** A request of Engine.IO: `_query` is where it keeps the parsed query. */
type EngineRequest = IncomingMessage & { _query?: Record<string, string> }

const tooLarge = 413

const actors = new WeakMap<object, Actor>()
const cookieLines = new WeakMap<object, string[]>()

/** Returns the actor of the handshake that opened the connection, and releases its request: it stays in memory otherwise. */
export function actorOfHandshake(socket: EngineSocket): Actor | undefined {
  const actor = actors.get(socket.request)
  ;(socket as { request: unknown }).request = null
  return actor
}

/**
 * Registers the route of Engine.IO, for handshakes, polls and WebSockets. Every request of it passes here, also one of an open
 * connection: it must have the cookies of the session that opened it, and come from no foreign page.
 */
export async function serveEngine(
  app: FastifyInstance,
  { config, clock, cookies }: Pick<Context, 'config' | 'clock' | 'cookies'>,
  engine: EngineServer,
  gateway: () => RunningGateway | undefined,
): Promise<void> {
  const failedHandshakes = {
    max: scaledMax(socketLimits.failedHandshakes, config.rateLimitScale),
    windowMs: socketLimits.failedHandshakes.windowMs,
  }
  const clients = (engine as unknown as { clients: Record<string, EngineSocket> }).clients

  /** Returns the connection that a request names; undefined for a handshake, and for a session that this instance does not know. */
  const connectionOf = ({ raw }: FastifyRequest) => {
    const { sid } = queryOf(raw)
    return sid !== undefined && Object.hasOwn(clients, sid)
      ? gateway()?.connectionOf(clients[sid] as EngineSocket)
      : undefined
  }
  const isOpen = (request: FastifyRequest) =>
    request.actor !== null && connectionOf(request)?.sessionId === request.actor.sessionId

  const assertAdmits = ({ actor }: FastifyRequest) => {
    const running = gateway()
    if (!running) throw new DomainError('OVERLOADED', { retryAfterSeconds: 1 })
    running.assertAdmits(actor)
  }

  /** Names the error for which a request is refused. Failed ones are counted by address, and beyond the limit all get the same. */
  const refusalOf = (error: FastifyError, request: FastifyRequest): DomainError => {
    const known = catalogued(error)
    if (known.status !== 401 && known.status !== 403) return known
    const { current, ttl } = app.rateCounters.count(
      `handshake:${addressKey(request.ip)}`,
      failedHandshakes,
      clock.now().getTime(),
    )
    if (current > failedHandshakes.max) return rateLimited(ttl)
    const isHandshake = queryOf(request.raw).sid === undefined
    return isHandshake || known.status === 403 ? known : foreignSession(known)
  }

  engine.on('connection_error', () => handshakesRefused.inc({ reason: 'PROTOCOL' }))
  addCookiesToUpgrades(engine)

  await app.register(async (scope) => {
    // Engine.IO reads the body.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.route({
      method: ['GET', 'POST'],
      url: `${socketPath}/`,
      config: {
        access: 'signed-in',
        isOpenWithoutFactor: true,
        hasEffects: true,
        refusesForeignPages: true,
        isLongPolling: true,
        // Failures are counted below, and polls of an open connection are as many as its events.
        rateLimit: { allowList: (request) => request.actor === null || isOpen(request) },
      },
      schema: { hide: true },
      errorHandler(error, request, reply) {
        const refusal = refusalOf(error as FastifyError, request)
        handshakesRefused.inc({ reason: refusal.code })
        return answerError(refusal as unknown as FastifyError, request, reply)
      },
      handler(request, reply) {
        if (queryOf(request.raw).sid === undefined) assertAdmits(request)
        else if (connectionOf(request) && !isOpen(request)) throw foreignSession()
        passOn(request, reply)
      },
    })
  })

  /** Closes the connection whose payload Engine.IO refused: as a WebSocket does after a frame that is too large. */
  function closeWhenTooLarge(request: FastifyRequest, { raw }: FastifyReply): void {
    const connection = raw.statusCode === tooLarge ? connectionOf(request) : undefined
    if (connection) closeNow(connection)
  }

  /** Leaves the request to Engine.IO, with the headers and cookies that Fastify's plugins have set. */
  function passOn(request: FastifyRequest, reply: FastifyReply): void {
    const { raw, actor, renewal } = request
    actors.set(raw, actor)
    const lines = renewal ? cookies.linesOf(reply, renewal) : []
    reply.hijack()
    const upgrade = takeUpgrade(raw)
    if (upgrade) {
      if (lines.length > 0) cookieLines.set(raw, lines)
      return void engine.handleUpgrade(raw, upgrade.socket, upgrade.head)
    }
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    if (lines.length > 0) reply.raw.setHeader('set-cookie', lines)
    if (raw.method === 'POST') reply.raw.once('finish', () => closeWhenTooLarge(request, reply))
    engine.handleRequest(raw, reply.raw)
  }
}

const foreignSession = (cause?: unknown) =>
  new DomainError('FORBIDDEN', { message: 'This connection belongs to another session. Open a new one.', cause })

/** Parses the query as Engine.IO does, and for it: of a repeated name the last value counts. */
function queryOf(raw: EngineRequest): Record<string, string> {
  raw._query ??= Object.fromEntries(new URL(raw.url ?? '/', 'http://localhost').searchParams)
  return raw._query
}

/** Engine.IO's own event joins several lines of one header, which `Set-Cookie` does not allow. */
function addCookiesToUpgrades(engine: EngineServer): void {
  type WebSocketServer = { on(event: 'headers', listener: (lines: string[], request: IncomingMessage) => void): void }
  const { ws } = engine as unknown as { ws: WebSocketServer }
  ws.on('headers', (lines, request) => {
    for (const line of cookieLines.get(request) ?? []) lines.push(`Set-Cookie: ${line}`)
  })
}
