import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { frameReader, maskedFrame } from './frames.ts'

export type Seat = { origin: string; cookie: string }

/** An open Socket.IO connection over a WebSocket: as light as possible, since the machine is shared with what is measured. */
export type OpenSocket = {
  /** Sends an event whose acknowledgement is a message `43<id>[…]`. */
  ask(id: number, event: string, payload: unknown): void
  destroy(): void
}

type Listeners = {
  /** Each message of Socket.IO: an event `42[…]` or an acknowledgement. */
  onMessage(message: Buffer): void
  onClose(): void
}

const ping = '2'.charCodeAt(0)
const openPacket = '0'.charCodeAt(0)
const message = '4'.charCodeAt(0)
const connected = '0'.charCodeAt(0)
const pong = maskedFrame('3')
const connectPacket = maskedFrame('40')
const openMs = 20_000

/** Opens a connection, and waits until the namespace is connected. Rejects when it is refused. */
export function openSocket({ origin, cookie }: Seat, { onMessage, onClose }: Listeners): Promise<OpenSocket> {
  const { hostname, port, host } = new URL(origin)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    const timer = setTimeout(() => socket.destroy(new Error('The server did not connect in time.')), openMs)
    let isOpen = false
    const read = frameReader(
      (packet) => {
        if (packet[0] === ping) socket.write(pong)
        else if (packet[0] === openPacket) socket.write(connectPacket)
        else if (packet[0] === message && packet[1] === connected) {
          isOpen = true
          clearTimeout(timer)
          resolve(opened(socket))
        } else onMessage(packet)
      },
      () => socket.destroy(),
    )
    socket.on('error', reject)
    socket.once('close', () => {
      clearTimeout(timer)
      if (isOpen) onClose()
      else reject(new Error('The server closed the connection.'))
    })
    upgrade(socket, { host, cookie }, read)
  })
}

const opened = (socket: Socket): OpenSocket => ({
  ask: (id, event, payload) => void socket.write(maskedFrame(`42${id}${JSON.stringify([event, payload])}`)),
  destroy: () => socket.destroy(),
})

/** Asks for a WebSocket, and passes on what follows the answer. */
function upgrade(
  socket: Socket,
  { host, cookie }: { host: string; cookie: string },
  read: (chunk: Buffer) => void,
): void {
  const lines = [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...(cookie ? [`Cookie: ${cookie}`] : []),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  let head: Buffer = Buffer.alloc(0)
  const readHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!head.toString('latin1', 0, 12).endsWith('101')) {
      socket.destroy(new Error(`The handshake was answered by ${head.toString('latin1', 0, 200)}`))
      return
    }
    socket.off('data', readHead)
    socket.on('data', read)
    if (head.length > end + 4) read(head.subarray(end + 4))
  }
  socket.on('data', readHead)
}
