import { Counter, Gauge, registry } from '@muster/telemetry'

const registers = [registry]

export const socketsOpen = new Gauge({
  name: 'muster_sockets',
  help: 'Open connections of clients, by transport.',
  labelNames: ['transport'],
  registers,
})

export const handshakesRefused = new Counter({
  name: 'muster_socket_handshakes_refused_total',
  help: 'Refused requests for a connection, or of one, by the code of the error; `PROTOCOL` when Engine.IO refused it.',
  labelNames: ['reason'],
  registers,
})

export const eventsReceived = new Counter({
  name: 'muster_socket_events_total',
  help: 'Events of clients, by name and by `ok` or the code of the error.',
  labelNames: ['event', 'result'],
  registers,
})

export const eventsSent = new Counter({
  name: 'muster_socket_emits_total',
  help: 'Events sent to connections, by name: `sent`, `dropped` because the reader is slow, `gated` because revocations could not be read.',
  labelNames: ['event', 'result'],
  registers,
})

export const slowClosed = new Counter({
  name: 'muster_sockets_slow_closed_total',
  help: 'Connections closed because their client did not read.',
  registers,
})

export const queuedBytes = new Gauge({
  name: 'muster_socket_queued_bytes',
  help: 'Bytes that wait for the clients to read, of all connections.',
  registers,
})
