import { type ServerEventName, type ServerEventPayload, serverEvents } from '@muster/realtime/events'
import { absoluteFileUrls } from '@muster/realtime/shapes'
import type { Room } from '@muster/signals'
import type { Connection, Connections } from './connections.ts'
import { eventsSent } from './metrics.ts'
import type { SlowReaders } from './slow-readers.ts'

export type EmitOptions = {
  /** A connection that gets nothing, e.g. the one that caused the event. */
  except?: Connection
  /** The event may be dropped for a client that reads slowly, since a later one replaces it. */
  isDroppable?: boolean
}

export type Emit = <Name extends ServerEventName>(
  target: Room | Iterable<Connection>,
  event: Name,
  payload: ServerEventPayload<Name>,
  options?: EmitOptions,
) => boolean

/** By event: the function that makes the file URLs of its payload absolute. */
const conversions = new Map(
  Object.entries(serverEvents).flatMap(([event, schema]) => {
    const convert = absoluteFileUrls(schema)
    return convert ? [[event, convert] as const] : []
  }),
)

/** Creates the function that emits an event to connections, encoded once for all of them. */
export function createEmitter(
  connections: Pick<Connections, 'inRoom'>,
  { isOpen, canTake, publicUrl }: { isOpen: () => boolean; canTake: SlowReaders['canTake']; publicUrl: URL },
): { emit: Emit; emitAlways: Emit } {
  const urlOf = (path: string) => new URL(path, publicUrl).href

  const emitTo =
    (mayGet: (connection: Connection) => boolean): Emit =>
    (target, event, payload, { except, isDroppable = false } = {}) => {
      let packet: Packet | undefined
      let [sent, dropped] = [0, 0]
      for (const connection of typeof target === 'string' ? connections.inRoom(target) : target) {
        const { socket, engine } = connection.internals
        if (connection === except || !socket?.connected || !mayGet(connection)) continue
        if (isDroppable && !canTake(connection)) {
          dropped++
          continue
        }
        packet ??= encode(event, conversions.get(event)?.(payload, urlOf) ?? payload)
        engine.write(packet.text, packet.options)
        sent++
      }
      if (sent > 0) eventsSent.inc({ event, result: 'sent' }, sent)
      if (dropped > 0) eventsSent.inc({ event, result: 'dropped' }, dropped)
      return true
    }
  // Not to a session that was revoked, or lacks a second factor, since its target was read.
  const emitPrivate = emitTo(({ internals }) => internals.hasEntered)

  return {
    emitAlways: emitTo(() => true),
    emit(target, event, payload, options) {
      if (isOpen()) return emitPrivate(target, event, payload, options)
      eventsSent.inc({ event, result: 'gated' })
      return false
    },
  }
}

type Packet = { text: string; options: { compress: boolean; wsPreEncodedFrame: Buffer[] } }

/** The types of a message in Engine.IO and of an event in Socket.IO (protocol 5). */
const messageType = '4'
const eventType = '2'

/** Encodes an event as Socket.IO does, and as the frame of a WebSocket, which is the same for all connections. */
function encode(event: string, payload: unknown): Packet {
  const text = eventType + JSON.stringify([event, payload])
  return { text, options: { compress: false, wsPreEncodedFrame: [frameOf(messageType + text)] } }
}

const finalText = 0x81
const shortLength = 126
const twoBytes = 126
const eightBytes = 127

/** Encodes an unmasked text frame (RFC 6455, 5.2). */
function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const headerLength = length < shortLength ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = finalText
  if (headerLength === 2) frame[1] = length
  else if (headerLength === 4) {
    frame[1] = twoBytes
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = eightBytes
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, headerLength)
  return frame
}
