/**
 * What a failed sending means:
 * - `address`: the receiver's address does not take mail; it is suppressed
 * - `message`: this message will never be taken, which says nothing about the address
 * - `busy`: the server takes mail, but not this one now (a full mailbox, greylisting)
 * - `server`: nobody's mail gets through (no connection, overload, or it refuses us: credentials, sender, relaying)
 */
export type SmtpTrouble = {
  kind: 'address' | 'message' | 'busy' | 'server'
  /** With the server's own words, which may name the receiver or quote the mail: for the row, not for the log. */
  reason: string
  /** The reply code and the command that got it: for the log. */
  summary: string
  /** The server refuses Muster itself, which only the operator can mend. */
  needsOperator: boolean
}

/** The parts of nodemailer's errors that tell what happened. */
type SmtpError = { message: string; code?: string; command?: string; response?: string; responseCode?: number }

const mailboxCommands = new Set(['RCPT TO', 'DATA'])
/** At RCPT: no such mailbox, not local, name not allowed, transaction failed, domain takes no mail (RFC 5321, RFC 7504). */
const addressCodes = new Set([501, 521, 550, 551, 553, 554, 556])
/** Replies about the session, whatever the command: bad sequence, authentication wanted. */
const sessionCodes = new Set([421, 503, 530])

/**
 * Judges an error of nodemailer by reply code and command (RFC 5321, 4.2), and by the enhanced code (RFC 3463) where the
 * server gives one: a policy (5.7) or a full mailbox (5.2.2) is no fault of the address.
 */
export function judgeSmtpError(error: SmtpError): SmtpTrouble {
  const command = error.command ?? 'CONN'
  const code = error.responseCode
  const kind = kindOf(error, command)
  const where = code ? `${code} at ${command}` : `${error.code ?? 'error'} at ${command}`
  return {
    kind,
    reason: `${error.response ?? error.message} (${command})`,
    summary: where,
    needsOperator: kind === 'server' && code !== undefined && code >= 500,
  }
}

function kindOf({ code, response, responseCode }: SmtpError, command: string): SmtpTrouble['kind'] {
  if (responseCode === undefined) {
    // Refused by nodemailer before a word was said: an address or a size that no try makes fit.
    return code === 'EENVELOPE' || code === 'EMESSAGE' ? 'message' : 'server'
  }
  // A message too big is refused as early as MAIL FROM; any other refusal there is about the sender.
  if (command === 'MAIL FROM' && responseCode === 552) return 'message'
  if (!mailboxCommands.has(command) || sessionCodes.has(responseCode)) return 'server'
  if (responseCode < 500) return 'busy'
  return isAboutAddress(command, responseCode, response) ? 'address' : 'message'
}

function isAboutAddress(command: string, responseCode: number, response = ''): boolean {
  const [, enhanced] = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(response) ?? []
  // After DATA only the words for a bad address (5.1) or a disabled mailbox (5.2.1) are about the receiver.
  if (command === 'DATA') return enhanced !== undefined && (enhanced.startsWith('5.1.') || enhanced === '5.2.1')
  // A full mailbox, a message too long, a system or protocol error, a policy.
  if (enhanced && /^5\.(2\.[23]|[357]\.\d+)$/.test(enhanced)) return false
  return addressCodes.has(responseCode)
}
