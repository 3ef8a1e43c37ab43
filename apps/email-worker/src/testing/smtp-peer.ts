import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type Received = { to: string; messageId: string; subject: string; raw: string; atMs: number }

type Reply = 'ok' | 'hang' | { code: number; text: string }
type DataReply = Reply | 'drop'
type MaybePromise<T> = T | Promise<T>

/** The server's replies; a function gets the recipient's address. A missing one replies `ok`, and `hang` never replies. */
export type Replies = {
  greet?: () => MaybePromise<Reply>
  authenticate?: () => MaybePromise<Reply>
  mailFrom?: () => MaybePromise<Reply>
  rcptTo?: (to: string) => MaybePromise<Reply>
  /** After the final dot. `drop` accepts the message and closes the connection without a reply. */
  data?: (to: string) => MaybePromise<DataReply>
}

export type SmtpPeer = {
  url: string
  replies: Replies
  /** The accepted messages, also those for which the server sent no reply. */
  received: Received[]
  /** The recipients of all RCPT commands in order, refused ones included. */
  recipients: string[]
  /** When the server got each RCPT command. */
  recipientAtMs: number[]
  /** On the clock of `performance.now()`, one entry for each connection. */
  connectedAtMs: number[]
  closedConnections: number
  close(): Promise<void>
}

/** Starts a real SMTP server in this process whose replies a test sets. */
export async function startSmtpPeer(replies: Replies = {}, port = 0): Promise<SmtpPeer> {
  const peer: Omit<SmtpPeer, 'close' | 'url'> = {
    replies,
    received: [],
    recipients: [],
    recipientAtMs: [],
    connectedAtMs: [],
    closedConnections: 0,
  }
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect(_session, callback) {
      peer.connectedAtMs.push(performance.now())
      send(peer.replies.greet?.(), callback)
    },
    onClose() {
      peer.closedConnections += 1
    },
    onAuth(_auth, _session, callback) {
      send(peer.replies.authenticate?.(), (error) => (error ? callback(error) : callback(null, { user: 'muster' })))
    },
    onMailFrom: (_address, _session, callback) => send(peer.replies.mailFrom?.(), callback),
    onRcptTo({ address }, _session, callback) {
      peer.recipients.push(address)
      peer.recipientAtMs.push(performance.now())
      send(peer.replies.rcptTo?.(address), callback)
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const to = session.envelope.rcptTo[0]?.address ?? ''
        const reply = (await peer.replies.data?.(to)) ?? 'ok'
        if (reply === 'ok' || reply === 'drop') peer.received.push(parse(to, Buffer.concat(chunks).toString()))
        if (reply === 'drop') closeConnections(server)
        else send(reply, callback)
      })
    },
  })
  // Some tests break connections on purpose.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: boundPort } = server.server.address() as AddressInfo
  return Object.assign(peer, {
    url: `smtp://127.0.0.1:${boundPort}`,
    close: () => {
      closeConnections(server)
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  })
}

async function send(
  promised: MaybePromise<Reply> | undefined,
  callback: (error?: Error | null) => void,
): Promise<void> {
  const reply = await promised
  if (reply === 'hang') return
  if (reply === undefined || reply === 'ok') callback()
  else callback(Object.assign(new Error(reply.text), { responseCode: reply.code }))
}

function closeConnections(server: SMTPServer): void {
  for (const connection of server.connections) {
    ;(connection as unknown as { _socket: { destroy(): void } })._socket.destroy()
  }
}

function parse(to: string, raw: string): Received {
  const header = (name: string) =>
    new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'mi').exec(raw)?.[1]?.replace(/\r\n\s+/g, ' ') ?? ''
  return { to, messageId: header('Message-ID'), subject: header('Subject'), raw, atMs: performance.now() }
}
