import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type Received = { to: string; messageId: string; subject: string; raw: string; atMs: number }

type Reply = 'ok' | 'hang' | { code: number; text: string }
type DataReply = Reply | 'drop'
type Eventual<T> = T | Promise<T>

/** How the server behaves; each function sees the receiver's address. Everything is taken when left out. */
export type Manners = {
  greet?: () => Eventual<Reply>
  authenticate?: () => Eventual<Reply>
  mailFrom?: () => Eventual<Reply>
  rcptTo?: (to: string) => Eventual<Reply>
  /** After the final dot. `drop` takes the message and cuts the line instead of saying so. */
  data?: (to: string) => Eventual<DataReply>
}

export type SmtpPeer = {
  url: string
  manners: Manners
  /** What the server took, whether or not it could say so. */
  received: Received[]
  /** Receivers that were asked for, in order, refused ones included. */
  asked: string[]
  connections: number
  closedConnections: number
  close(): Promise<void>
}

/** A real SMTP server in this process that can be as bad as real ones are. */
export async function startSmtpPeer(manners: Manners = {}, port = 0): Promise<SmtpPeer> {
  const peer: Omit<SmtpPeer, 'close' | 'url'> = {
    manners,
    received: [],
    asked: [],
    connections: 0,
    closedConnections: 0,
  }
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect(_session, callback) {
      peer.connections += 1
      answer(peer.manners.greet?.(), callback)
    },
    onClose() {
      peer.closedConnections += 1
    },
    onAuth(_auth, _session, callback) {
      answer(peer.manners.authenticate?.(), (error) => (error ? callback(error) : callback(null, { user: 'muster' })))
    },
    onMailFrom: (_address, _session, callback) => answer(peer.manners.mailFrom?.(), callback),
    onRcptTo({ address }, _session, callback) {
      peer.asked.push(address)
      answer(peer.manners.rcptTo?.(address), callback)
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const to = session.envelope.rcptTo[0]?.address ?? ''
        const reply = (await peer.manners.data?.(to)) ?? 'ok'
        if (reply === 'ok' || reply === 'drop') peer.received.push(read(to, Buffer.concat(chunks).toString()))
        if (reply === 'drop') cutLines(server)
        else answer(reply, callback)
      })
    },
  })
  // A line that breaks is what some of these tests are about.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: taken } = server.server.address() as AddressInfo
  return Object.assign(peer, {
    url: `smtp://127.0.0.1:${taken}`,
    close: () => {
      cutLines(server)
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  })
}

async function answer(eventual: Eventual<Reply> | undefined, callback: (error?: Error | null) => void): Promise<void> {
  const reply = await eventual
  if (reply === 'hang') return
  if (reply === undefined || reply === 'ok') callback()
  else callback(Object.assign(new Error(reply.text), { responseCode: reply.code }))
}

function cutLines(server: SMTPServer): void {
  for (const connection of server.connections) {
    ;(connection as unknown as { _socket: { destroy(): void } })._socket.destroy()
  }
}

function read(to: string, raw: string): Received {
  const header = (name: string) =>
    new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'mi').exec(raw)?.[1]?.replace(/\r\n\s+/g, ' ') ?? ''
  return { to, messageId: header('Message-ID'), subject: header('Subject'), raw, atMs: performance.now() }
}
