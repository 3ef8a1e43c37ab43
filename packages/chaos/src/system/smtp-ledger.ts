import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type AcceptedMail = { to: string; messageId: string; subject: string; text: string }

/** Decides about a message that the server has received completely. It may wait. */
type AcceptDecision = (to: string) => Promise<'accept' | 'reject'>

/** A real SMTP server that records every message it accepts. */
export type SmtpLedger = {
  url: string
  accepted: AcceptedMail[]
  /** Recipients whose message is received and not yet answered. */
  unanswered: string[]
  /**
   * Changes how the server treats messages. `beforeAccept` runs before a message is recorded; without it every message is
   * accepted. `afterAccept` runs after it is recorded and before the client gets the reply.
   */
  behavior: { beforeAccept?: AcceptDecision; afterAccept?: (to: string) => Promise<void> | void }
  mailsTo(address: string): AcceptedMail[]
  close(): Promise<void>
}

/** Starts the server on a free port. */
export async function startSmtpLedger(): Promise<SmtpLedger> {
  const ledger: Omit<SmtpLedger, 'url' | 'close'> = {
    accepted: [],
    unanswered: [],
    behavior: {},
    mailsTo: (address) => ledger.accepted.filter(({ to }) => to === address),
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
        ledger.unanswered.push(to)
        const verdict = (await ledger.behavior.beforeAccept?.(to)) ?? 'accept'
        // A client that died during the wait never got its message accepted.
        const isConnected = server.connections.has(connectionOf(server, session.id))
        if (verdict === 'accept' && isConnected) {
          ledger.accepted.push(parseMail(to, Buffer.concat(chunks).toString()))
          await ledger.behavior.afterAccept?.(to)
        }
        ledger.unanswered.splice(ledger.unanswered.indexOf(to), 1)
        if (verdict === 'accept') callback()
        else callback(Object.assign(new Error('5.1.1 no such mailbox'), { responseCode: 550 }))
      })
    },
  })
  // Tests kill clients in the middle of a message, so connection errors are expected.
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

function parseMail(to: string, raw: string): AcceptedMail {
  const header = (name: string) =>
    new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'mi').exec(raw)?.[1]?.replace(/\r\n\s+/g, ' ') ?? ''
  return { to, messageId: header('Message-ID'), subject: header('Subject'), text: textPart(raw) }
}

/** Returns the text/plain part with quoted-printable encoding removed. */
function textPart(raw: string): string {
  const [, part = ''] = /Content-Type: text\/plain.*?\r\n\r\n(.*?)(?:\r\n--|$)/is.exec(raw) ?? []
  return part
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)))
}
