import { Readable } from 'node:stream'
import { type Clock, systemClock } from '@muster/db'
import { encodeSubject } from '@muster/text'
import { createTransport } from 'nodemailer'
import type { Sender } from '../config.ts'
import { type MimeNode, writeMessage } from './mime.ts'
import { judgeSmtpError, type SmtpTrouble } from './smtp-verdict.ts'

export type SmtpMessage = {
  /** The `email_messages` row; makes the Message-ID, the same at every try. */
  id: string
  to: string
  subject: string
  html: string
  text: string
  /** Where one POST turns mails of this kind off. */
  optOutUrl?: string | undefined
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

type Written = Pick<SmtpMessage, 'text' | 'html'> & Pick<SendGuard, 'mayBegin'>

type SmtpOptions = {
  url: string
  sender: Sender
  /** A message for which none is free waits; its lease is renewed meanwhile. */
  maxConnections: number
  /** How long the server may stay silent. */
  silenceTimeoutMs?: number
}

const connectTimeoutMs = 10_000
const maxIdLength = 200
/** On every command; RFC 5321 (4.5.3.2) would allow minutes, which hold up everybody else's mail. */
const defaultSilenceMs = 30_000

/** A pool of SMTP connections, opened when they are needed. */
export function createSmtp(
  { url, sender, maxConnections, silenceTimeoutMs = defaultSilenceMs }: SmtpOptions,
  clock: Clock = systemClock,
): Smtp {
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
    readAtOnce(message, data as Written)
    done()
  })
  return {
    async send({ id, to, subject, html, text, optOutUrl }, { signal, mayBegin }) {
      const messageId = `<${id}@${sender.domain}>`
      const mail = {
        messageId,
        date: clock.now(),
        from: { name: sender.name, address: sender.address },
        to: { name: '', address: to },
        html,
        text,
        // RFC 3834: no holiday answers.
        headers: {
          Subject: { prepared: true, foldLines: true, value: encodeSubject(subject) },
          'Auto-Submitted': 'auto-generated',
          ...(optOutUrl && oneClickOptOut(optOutUrl)),
        },
        signal,
        mayBegin,
      }
      const info = await transport.sendMail(mail).catch((error: Error) => {
        throw new SmtpFailure(judgeSmtpError(error))
      })
      return { smtpId: (info.serverMessageId ?? messageId).replace(/\p{Cc}+/gu, ' ').slice(0, maxIdLength) }
    },
    close: () => transport.close(),
  }
}

/** RFC 8058: a mail client may turn these mails off by itself, and does so by a POST, never by a GET. */
const oneClickOptOut = (url: string) => ({
  'List-Unsubscribe': `<${url}>`,
  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
})

/**
 * The message is only read once the server has said yes to the envelope, so the question is asked at the last moment. It
 * goes out in one piece instead of a dozen, each of which would be a write to the socket and a packet of its own.
 */
function readAtOnce(root: MimeNode, { text, html, mayBegin }: Written): void {
  root.createReadStream = () =>
    Readable.from(
      (async function* () {
        if (!mayBegin()) throw new Error('too late to begin')
        yield writeMessage(root, { text, html })
      })(),
    )
}
