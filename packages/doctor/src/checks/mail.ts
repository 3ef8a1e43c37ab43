import { isIP } from 'node:net'
import { explainFailure, type ServicePlace } from '@muster/remedies'
import { smtpOptions } from '@muster/settings/smtp-options'
import { createTransport } from 'nodemailer'
import { type Notes, Unchecked } from '../finding.ts'
import type { Tools } from '../tools.ts'

const limitMs = 4_000

/** Connects to the mail server, with TLS and sign-in as the email worker does, and leaves without sending a mail. */
export async function checkMail({ settings: { smtpUrl }, places }: Tools, notes: Notes): Promise<void> {
  if (!smtpUrl) throw new Unchecked('No mail server is set here (SMTP_URL).')
  const service = places.smtp(smtpUrl)
  const transport = createTransport(smtpOptions(smtpUrl, { silenceTimeoutMs: limitMs, connectMs: limitMs }))
  try {
    await transport.verify()
  } catch (error) {
    return noteRefusal(service, error, notes)
  } finally {
    transport.close()
  }
  const { protocol, username, hostname, searchParams } = new URL(smtpUrl)
  const isAlwaysSecured = protocol === 'smtps:' || searchParams.get('requireTLS') === 'true'
  notes.fact(`${service.name} at ${service.place} answers${username ? ' and accepts the sign-in' : ''}.`)
  if (!username || isAlwaysSecured || isLoopback(hostname)) return
  notes.find({
    id: 'smtp-clear-text',
    severity: 'warning',
    what: `The password of ${service.variables} would be sent in clear text when the mail server, or somebody between, offers no STARTTLS.`,
    remedy: 'Write smtps://, or add ?requireTLS=true (SMTP_TLS=starttls).',
  })
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))

/** nodemailer's own codes tell the step, and its texts repeat the answer of the server, of which only the number is told. */
function noteRefusal(service: ServicePlace, error: unknown, notes: Notes): void {
  const { code, cause, responseCode, message } = Object(error) as Record<string, unknown>
  const isTls = code === 'ETLS' || /certificate|self.signed|SSL|TLS|wrong version number/i.test(String(message))
  const known =
    isTls && code === 'ESOCKET' ? Object.assign(new Error('tls', { cause }), { code: tlsCode(error) }) : error
  const { kind, what, remedy } = explainFailure(service, known)
  const answer = typeof responseCode === 'number' ? `${what.slice(0, -1)}; it answered ${responseCode}.` : what
  notes.find({ id: `smtp-${kind === 'other' ? 'failure' : kind}`, severity: 'error', what: answer, remedy })
}

/** Finds the code of OpenSSL, which nodemailer replaces by its own. */
function tlsCode(error: unknown): string {
  const { message } = error as Error
  const known: readonly (readonly [RegExp, string])[] = [
    [/self.signed certificate in/i, 'SELF_SIGNED_CERT_IN_CHAIN'],
    [/self.signed/i, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [/expired/i, 'CERT_HAS_EXPIRED'],
    [/unable to (get|verify)/i, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [/altnames|does not match/i, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ]
  return known.find(([text]) => text.test(message))?.[1] ?? 'ETLS'
}
