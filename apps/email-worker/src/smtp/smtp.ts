import { Readable } from 'node:stream'
import { type Clock, systemClock } from '@muster/db'
import { smtpOptions } from '@muster/settings/smtp-options'
import { encodeSubject } from '@muster/text'
import { span } from '@muster/tracing'
import { createTransport } from 'nodemailer'
import type { Sender } from '../config.ts'
import { type MimeNode, writeMessage } from './mime.ts'
import { classifySmtpError, type SmtpVerdict } from './smtp-verdict.ts'

export type SmtpMessage = {
  /** The id of the `email_messages` row; makes the Message-ID, which is the same in each attempt. */
  id: string
  to: string
  subject: string
  html: string
  text: string
  /** One POST to this URL turns mails of this kind off (RFC 8058). */
  optOutUrl?: string | undefined
}

export type SendGuard = { signal: AbortSignal; mayStart: () => boolean }

export type Smtp = {
  /**
   * Sends one message.
   * @param guard.signal aborting closes the connection; a message that the server has not accepted yet is not sent
   * @param guard.mayStart called between the envelope and the message. A process may be frozen for minutes between the two,
   *   and must not send the message when it has lost the lease meanwhile
   * @returns the server's id of the message, or the Message-ID when the server gives none; and its answer in its own words
   * @throws SmtpFailure with a verdict on the server's reply
   */
  send(message: SmtpMessage, guard: SendGuard): Promise<{ smtpId: string; smtpAnswer: string }>
  close(): void
}

/** The server did not accept a message. */
export class SmtpFailure extends Error {
  readonly verdict: SmtpVerdict

  constructor(verdict: SmtpVerdict) {
    super(verdict.summary)
    this.name = 'SmtpFailure'
    this.verdict = verdict
  }
}

type MailData = Pick<SmtpMessage, 'text' | 'html'> & Pick<SendGuard, 'mayStart'>

type SmtpOptions = {
  url: string
  sender: Sender
  /** Further messages wait for a free connection; their leases are renewed meanwhile. */
  maxConnections: number
  /** The connection is closed when the server sends nothing for this long. */
  silenceTimeoutMs?: number
}

const maxIdLength = 200
const spanOptions = { kind: 'client', attributes: { 'network.protocol.name': 'smtp' } } as const
/** For each command. RFC 5321 (4.5.3.2) allows minutes, which would delay all other mails. */
const defaultSilenceMs = 30_000

/** Creates a pool of SMTP connections, which it opens on demand. */
export function createSmtp(
  { url, sender, maxConnections, silenceTimeoutMs = defaultSilenceMs }: SmtpOptions,
  clock: Clock = systemClock,
): Smtp {
  const transport = createTransport({
    pool: true,
    ...smtpOptions(url, { silenceTimeoutMs }),
    maxConnections,
    // One retry over a new connection when the server had closed an idle one; the retry policy of mails covers everything else.
    maxRequeues: 1,
  })
  transport.use('stream', ({ data, message }, done) => {
    writeInOnePiece(message, data as MailData)
    done()
  })
  return {
    async send({ id, to, subject, html, text, optOutUrl }, { signal, mayStart }) {
      const messageId = `<${id}@${sender.domain}>`
      const mail = {
        messageId,
        date: clock.now(),
        from: { name: sender.name, address: sender.address },
        to: { name: '', address: to },
        html,
        text,
        // RFC 3834: vacation responders do not reply.
        headers: {
          Subject: { prepared: true, foldLines: true, value: encodeSubject(subject) },
          'Auto-Submitted': 'auto-generated',
          ...(optOutUrl && oneClickOptOut(optOutUrl)),
        },
        signal,
        mayStart,
      }
      const info = await span('smtp send', spanOptions, () => transport.sendMail(mail)).catch((error: Error) => {
        throw new SmtpFailure(classifySmtpError(error))
      })
      const smtpId = (info.serverMessageId ?? messageId).replace(/\p{Cc}+/gu, ' ').slice(0, maxIdLength)
      return { smtpId, smtpAnswer: info.response }
    },
    close: () => transport.close(),
  }
}

/** The headers of RFC 8058, with which a mail client turns these mails off by a POST. */
const oneClickOptOut = (url: string) => ({
  'List-Unsubscribe': `<${url}>`,
  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
})

/**
 * Makes nodemailer write the message in one piece instead of a dozen, each of which would be a write to the socket and a packet.
 * nodemailer reads the stream after the server has accepted the envelope, so `mayStart` is called at the last moment.
 */
function writeInOnePiece(root: MimeNode, { text, html, mayStart }: MailData): void {
  root.createReadStream = () =>
    Readable.from(
      (async function* () {
        if (!mayStart()) throw new Error('the lease may be lost')
        yield writeMessage(root, { text, html })
      })(),
    )
}
