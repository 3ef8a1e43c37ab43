import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type Accepted = { to: string; messageId: string; subject: string; text: string }

/** What the server does with a message once it has all of it. It is taken, and so in the ledger, but for `refuse`. */
type Manner = (to: string) => Promise<'take' | 'refuse'>

/** A real SMTP server that writes down every message that it took. */
export type SmtpLedger = {
  url: string
  accepted: Accepted[]
  /** Receivers whose message is in the server's hands right now and not answered yet. */
  pending: string[]
  /** `beforeTaking` may wait: the message is not taken yet. `afterTaking` may wait too: taken, and the client not told. */
  manners: { beforeTaking?: Manner; afterTaking?: (to: string) => Promise<void> | void }
  to(address: string): Accepted[]
  close(): Promise<void>
}

export async function startSmtpLedger(): Promise<SmtpLedger> {
  const ledger: Omit<SmtpLedger, 'url' | 'close'> = {
    accepted: [],
    pending: [],
    manners: {},
    to: (address) => ledger.accepted.filter(({ to }) => to === address),
  }
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onData(stream, session, callback) {
      const to = session.envelope.rcptTo[0]?.address ?? ''
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        ledger.pending.push(to)
        const verdict = (await ledger.manners.beforeTaking?.(to)) ?? 'take'
        // Who died while waiting has not handed it over.
        const isThere = server.connections.has(connectionOf(server, session.id))
        if (verdict === 'take' && isThere) ledger.accepted.push(read(to, Buffer.concat(chunks).toString()))
        if (verdict === 'take' && isThere) await ledger.manners.afterTaking?.(to)
        ledger.pending.splice(ledger.pending.indexOf(to), 1)
        if (verdict === 'take') callback()
        else callback(Object.assign(new Error('5.1.1 no such mailbox'), { responseCode: 550 }))
      })
    },
  })
  // Clients that die in the middle are what these tests are about.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return Object.assign(ledger, {
    url: `smtp://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  })
}

type Connection = SMTPServer['connections'] extends Set<infer C> ? C : never

function connectionOf(server: SMTPServer, id: string): Connection {
  return [...server.connections].find((connection) => (connection as { id?: string }).id === id) as Connection
}

function read(to: string, raw: string): Accepted {
  const header = (name: string) =>
    new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'mi').exec(raw)?.[1]?.replace(/\r\n\s+/g, ' ') ?? ''
  return { to, messageId: header('Message-ID'), subject: header('Subject'), text: textPart(raw) }
}

/** The text/plain part, from quoted-printable where it is that. */
function textPart(raw: string): string {
  const [, part = ''] = /Content-Type: text\/plain.*?\r\n\r\n(.*?)(?:\r\n--|$)/is.exec(raw) ?? []
  return part
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)))
}
