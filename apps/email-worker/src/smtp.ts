import { Readable } from 'node:stream'
import { createTransport } from 'nodemailer'
import type { Sender } from './config.ts'
import { judgeSmtpError, type SmtpTrouble } from './smtp-verdict.ts'

export type SmtpMessage = {
  /** The `email_messages` row; makes the Message-ID, the same at every try. */
  id: string
  to: string
  subject: string
  html: string
  text: string
}

export type SendGuard = { signal: AbortSignal; mayBegin: () => boolean }

export type Smtp = {
  /**
   * Hands one message over.
   * @param guard.signal closes the connection; what was not yet accepted is not sent then
   * @param guard.mayBegin asked once more right before the message itself goes out: after the envelope, which a process
   *   that was frozen or starved may have finished long ago
   * @returns the server's id of the message, or the Message-ID when it gave none
   * @throws SmtpFailure saying whose fault it is
   */
  send(message: SmtpMessage, guard: SendGuard): Promise<{ smtpId: string }>
  close(): void
}

/** A message was not handed over. */
export class SmtpFailure extends Error {
  readonly trouble: SmtpTrouble

  constructor(trouble: SmtpTrouble) {
    super(trouble.summary)
    this.name = 'SmtpFailure'
    this.trouble = trouble
  }
}

type SmtpOptions = {
  url: string
  sender: Sender
  /** As many as messages are sent at the same time, so that none waits in the pool with its lease running. */
  maxConnections: number
  /** How long the server may stay silent. */
  silenceTimeoutMs?: number
}

const connectTimeoutMs = 10_000
/** On every command; RFC 5321 (4.5.3.2) would allow minutes, which hold up everybody else's mail. */
const defaultSilenceMs = 30_000

/** A pool of SMTP connections, opened when they are needed. */
export function createSmtp({ url, sender, maxConnections, silenceTimeoutMs = defaultSilenceMs }: SmtpOptions): Smtp {
  const transport = createTransport({
    pool: true,
    url,
    maxConnections,
    // Once more over a fresh connection when the server closed an idle one; further tries are the row's business.
    maxRequeues: 1,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  transport.use('stream', ({ data, message }, done) => {
    askBeforeReading(message, (data as Partial<SendGuard>).mayBegin)
    done()
  })
  return {
    async send({ id, to, subject, html, text }, { signal, mayBegin }) {
      const messageId = `<${id}@${sender.domain}>`
      const mail = {
        messageId,
        from: { name: sender.name, address: sender.address },
        to: { name: '', address: to },
        subject,
        html,
        text,
        // RFC 3834: no holiday answers.
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal,
        mayBegin,
      }
      const info = await transport.sendMail(mail).catch((error: Error) => {
        throw new SmtpFailure(judgeSmtpError(error))
      })
      return { smtpId: info.serverMessageId ?? messageId }
    },
    close: () => transport.close(),
  }
}

/** The message is only read once the server has said yes to the envelope, so the question is asked at the last moment. */
function askBeforeReading(message: { createReadStream(): Readable }, mayBegin: () => boolean = () => true): void {
  const read = message.createReadStream.bind(message)
  message.createReadStream = () =>
    Readable.from(
      (async function* () {
        if (!mayBegin()) throw new Error('too late to begin')
        yield* read()
      })(),
    )
}
