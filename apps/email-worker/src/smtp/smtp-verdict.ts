import { aboutMailbox, aboutMuster, enhancedCodeOf, wordsOf } from './smtp-reply.ts'

/**
 * What a failed sending means:
 * - `mailbox`: the recipient's mailbox does not exist or takes no mail; the address is suppressed
 * - `message`: this message will never be taken, which says nothing about the address
 * - `busy`: the server takes mail, but not this one now (greylisting)
 * - `refused`: a permanent refusal that does not say whose fault it is; what becomes of other mails tells
 * - `relay`: the server answers, but takes no mail for this recipient from Muster (relaying, sender, authentication)
 * - `server`: nobody's mail gets through (no connection, overload, refused credentials)
 */
export type SmtpTrouble = {
  kind: 'mailbox' | 'message' | 'busy' | 'refused' | 'relay' | 'server'
  /** With the server's own words, which may name the recipient or quote the mail: for the row, not for the log. */
  reason: string
  /** The reply code, the enhanced code and the command that got them: for the log. */
  summary: string
  /** The server refuses Muster itself, which only the operator can mend. */
  needsOperator: boolean
}

/** The parts of nodemailer's errors that tell what happened. */
export type SmtpError = { message: string; code?: string; command?: string; response?: string; responseCode?: number }

const mailCommands = new Set(['RCPT TO', 'DATA'])
/** Replies about the session, whatever the command: bad sequence, authentication or encryption wanted. */
const sessionCodes = new Set([421, 503, 530, 538])

/** Bad mailbox (name, syntax, ambiguous, moved) and a recipient that takes no mail at all (RFC 3463, RFC 7505). */
const mailboxCodes = new Set(['5.1.1', '5.1.3', '5.1.4', '5.1.6', '5.1.10'])
/** Where nothing is said beyond the class and the subject, the words decide. */
const vagueCodes = new Set([undefined, '5.0.0', '5.1.0', '5.2.0', '5.5.0'])
/** Bad sender, and what RFC 3463, RFC 7372 and Exchange Online say of who is not let in or not believed. */
const musterCodes = /^5\.(1\.[78]|2\.252|7\.(0|[3-9]|1[134]|2\d|3[0-2]|[56]\d|[57]\d\d))$/
/** A mailbox that is disabled, full or takes no message so long, a message too big, its content (RFC 3463). */
const messageCodes = /^5\.(2\.[1-4]|3\.4|6\.\d+)$/

/**
 * Judges an error of nodemailer by reply code and command (RFC 5321, 4.2), by the enhanced code (RFC 3463) where the
 * server gives one, and by known words. Only an answer that speaks of the mailbox and of nothing else is `mailbox`.
 */
export function judgeSmtpError(error: SmtpError): SmtpTrouble {
  const command = error.command ?? 'CONN'
  const code = error.responseCode
  const enhanced = enhancedCodeOf(error.response)
  const kind = kindOf(error, command, enhanced)
  const answer = [code ?? error.code ?? 'error', ...(enhanced ? [enhanced] : [])].join(' ')
  return {
    kind,
    reason: `${error.response ?? error.message} (${command})`,
    summary: `${answer} at ${command}`,
    needsOperator: kind === 'relay' || (kind === 'server' && code !== undefined && code >= 500),
  }
}

function kindOf(
  { code, response, responseCode }: SmtpError,
  command: string,
  enhanced: string | undefined,
): SmtpTrouble['kind'] {
  if (responseCode === undefined) {
    // Refused by nodemailer before a word was said: an address or a size that no try makes fit.
    return code === 'EENVELOPE' || code === 'EMESSAGE' ? 'message' : 'server'
  }
  // A message too big is refused as early as MAIL FROM; any other refusal there is about the sender.
  if (command === 'MAIL FROM' && responseCode === 552) return 'message'
  if (!mailCommands.has(command) || sessionCodes.has(responseCode)) return 'server'
  // The reply code alone says whether to come again, whatever the enhanced one claims (RFC 5321, 4.2.1).
  if (responseCode < 500) return 'busy'
  return kindOfRefusal({ responseCode, enhanced, words: wordsOf(response), command })
}

type Refusal = { responseCode: number; enhanced: string | undefined; words: string; command: string }

function kindOfRefusal({ responseCode, enhanced, words, command }: Refusal): SmtpTrouble['kind'] {
  const isAboutMuster = aboutMuster.test(words)
  if (isAboutMuster && !/^5\.2\.[23]$/.test(enhanced ?? '')) return 'relay'
  if (enhanced !== undefined && musterCodes.test(enhanced)) return 'relay'
  if (speaksOfMailbox({ responseCode, enhanced, words, command })) return 'mailbox'
  const isAboutMessage = enhanced === undefined ? responseCode === 552 : messageCodes.test(enhanced)
  return isAboutMessage ? 'message' : 'refused'
}

function speaksOfMailbox({ responseCode, enhanced, words, command }: Refusal): boolean {
  if (enhanced !== undefined && mailboxCodes.has(enhanced)) return !aboutMailbox.isDoubtful(words)
  if (enhanced === '5.2.1') return aboutMailbox.isDisabled(words)
  // After DATA the words are as likely about what the message says.
  if (command !== 'RCPT TO' || !vagueCodes.has(enhanced) || aboutMailbox.isDoubtful(words)) return false
  return responseCode === 556 || aboutMailbox.isMissing(words)
}
