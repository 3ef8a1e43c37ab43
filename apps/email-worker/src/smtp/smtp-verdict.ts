import { aboutMailbox, aboutMuster, enhancedCodeOf, wordsOf } from './smtp-reply.ts'

/**
 * The cause of a failed attempt, as far as the server's reply names it:
 * - `mailbox`: the recipient's mailbox does not exist or accepts no mail; the address gets suppressed
 * - `message`: the server will never accept this message; the address itself is fine
 * - `busy`: the server accepts other mail, but not this one now (greylisting)
 * - `refused`: a permanent refusal without a known cause; whether the server accepts other mails decides
 * - `relay`: the server accepts no mail from Muster for this recipient (relaying, sender, authentication)
 * - `server`: the server accepts no mail at all (no connection, overload, refused credentials)
 */
export type SmtpVerdict = {
  kind: 'mailbox' | 'message' | 'busy' | 'refused' | 'relay' | 'server'
  /** For the row, not for the log: contains the server's words, which may name the recipient or quote the mail. */
  reason: string
  /** For the log: the reply code, the enhanced code and the SMTP command. */
  summary: string
  /** The server refuses Muster itself; only the operator can change that. */
  needsOperator: boolean
}

/** The fields of nodemailer's errors that the verdict needs. */
export type SmtpError = { message: string; code?: string; command?: string; response?: string; responseCode?: number }

const mailCommands = new Set(['RCPT TO', 'DATA'])
/** Replies about the session, in response to any command: bad sequence, authentication or encryption required. */
const sessionCodes = new Set([421, 503, 530, 538])

/** Bad mailbox (name, syntax, ambiguous, moved), or a recipient domain that accepts no mail (RFC 3463, RFC 7505). */
const mailboxCodes = new Set(['5.1.1', '5.1.3', '5.1.4', '5.1.6', '5.1.10'])
/** Codes that name only the class and the subject; for these the words decide. */
const vagueCodes = new Set([undefined, '5.0.0', '5.1.0', '5.2.0', '5.5.0'])
/** Bad sender, and the codes of RFC 3463, RFC 7372 and Exchange Online for missing permission or failed authentication. */
const musterCodes = /^5\.(1\.[78]|2\.252|7\.(0|[3-9]|1[134]|2\d|3[0-2]|[56]\d|[57]\d\d))$/
/** Mailbox disabled or full, message too long for it, message too big, or content refused (RFC 3463). */
const messageCodes = /^5\.(2\.[1-4]|3\.4|6\.\d+)$/

/**
 * Classifies an error of nodemailer by reply code and command (RFC 5321, 4.2), by the enhanced code (RFC 3463) if the server
 * gives one, and by known words. The verdict is `mailbox` only if the reply is about the mailbox and nothing else.
 */
export function classifySmtpError(error: SmtpError): SmtpVerdict {
  const command = error.command ?? 'CONN'
  const code = error.responseCode
  const enhanced = enhancedCodeOf(error.response)
  const kind = kindOf(error, command, enhanced)
  const codes = [code ?? error.code ?? 'error', ...(enhanced ? [enhanced] : [])].join(' ')
  return {
    kind,
    reason: `${error.response ?? error.message} (${command})`,
    summary: `${codes} at ${command}`,
    needsOperator: kind === 'relay' || (kind === 'server' && code !== undefined && code >= 500),
  }
}

function kindOf(
  { code, response, responseCode }: SmtpError,
  command: string,
  enhanced: string | undefined,
): SmtpVerdict['kind'] {
  if (responseCode === undefined) {
    // nodemailer itself refused the address or the size before it contacted the server; no retry changes that.
    return code === 'EENVELOPE' || code === 'EMESSAGE' ? 'message' : 'server'
  }
  // A server may refuse a message that is too big at MAIL FROM already; any other refusal there is about the sender.
  if (command === 'MAIL FROM' && responseCode === 552) return 'message'
  if (!mailCommands.has(command) || sessionCodes.has(responseCode)) return 'server'
  // The reply code alone decides whether a failure is temporary, not the enhanced code (RFC 5321, 4.2.1).
  if (responseCode < 500) return 'busy'
  return kindOfRefusal({ responseCode, enhanced, words: wordsOf(response), command })
}

type Refusal = { responseCode: number; enhanced: string | undefined; words: string; command: string }

function kindOfRefusal({ responseCode, enhanced, words, command }: Refusal): SmtpVerdict['kind'] {
  const isAboutMuster = aboutMuster.test(words)
  if (isAboutMuster && !/^5\.2\.[23]$/.test(enhanced ?? '')) return 'relay'
  if (enhanced !== undefined && musterCodes.test(enhanced)) return 'relay'
  if (isAboutMailbox({ responseCode, enhanced, words, command })) return 'mailbox'
  const isAboutMessage = enhanced === undefined ? responseCode === 552 : messageCodes.test(enhanced)
  return isAboutMessage ? 'message' : 'refused'
}

function isAboutMailbox({ responseCode, enhanced, words, command }: Refusal): boolean {
  if (enhanced !== undefined && mailboxCodes.has(enhanced)) return !aboutMailbox.isDoubtful(words)
  if (enhanced === '5.2.1') return aboutMailbox.isDisabled(words)
  // After DATA the words may well be about the content of the message.
  if (command !== 'RCPT TO' || !vagueCodes.has(enhanced) || aboutMailbox.isDoubtful(words)) return false
  return responseCode === 556 || aboutMailbox.isMissing(words)
}
