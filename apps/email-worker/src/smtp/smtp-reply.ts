// Extracts the enhanced code (RFC 3463) and known words from SMTP replies. The words are those of Postfix, Exim, Sendmail, qmail,
// Exchange, Gmail, Yahoo, Outlook.com, SES, SendGrid and Mailgun, collected from published bounce messages.

/** After the reply code at the beginning of a line, or in the forms of qmail and IronPort: `(#5.1.1)`, `550 #5.1.0`. */
const enhancedCode = /(?:^\d{3}[ -]|#)\s*#?([245]\.\d{1,3}\.\d{1,3})(?![\d]|\.\d)/m

/** Returns the enhanced code of a reply, e.g. `5.1.1`; undefined when it has none. */
export const enhancedCodeOf = (response = ''): string | undefined => enhancedCode.exec(response)?.[1]

/**
 * Returns the words of a reply on one line, without parts that would match by accident: reply codes, links, addresses such as
 * `relay@example.com`, and the names of Postfix's lookup tables.
 */
export function wordsOf(response = ''): string {
  return response
    .replace(/^\d{3}[ -]/gm, ' ')
    .replace(/https?:\/\/\S+/gi, ' ')
    .replace(/<[^<>]*>|[^\s<>()]*@[^\s<>()]*/g, ' ')
    .replace(/\bin (?:relay recipient|local recipient|virtual mailbox|virtual alias) table\b/gi, ' ')
    .replace(/\s+/g, ' ')
}

/** Matches words about Muster itself: relaying, sender, authentication, or an account without permission or quota. */
export const aboutMuster = new RegExp(
  [
    String.raw`\brelay`,
    String.raw`\bsenders?\b`,
    String.raw`\bsend ?as ?denied`,
    String.raw`\bfrom (?:address|domain|header)`,
    String.raw`\bmail from\b`,
    String.raw`\breturn[- ]path`,
    'authenti',
    String.raw`\bauth(?:oriz|oris|\b)`,
    'credential',
    String.raw`\b(?:sasl|(?:start)?tls|smtp auth|log ?in)\b`,
    String.raw`\b(?:spf|dkim|dmarc|helo|ehlo|ptr|rdns)\b`,
    'reverse dns',
    'rcpthosts',
    String.raw`\bnot permitted\b`,
    String.raw`\b(?:(?:not|un)[ -]?verified|only (?:\w+ ){0,2}verified)\b`,
    String.raw`\b(?:sandbox|trial (?:account|period|plan)|test mode)\b`,
    String.raw`\bfrom your\b`,
    String.raw`\bidentit(?:y|ies)\b`,
    String.raw`\b(?:daily|hourly|sending|message|user sending|credits?)\b[^.;]{0,20}\b(?:quota|limit|exceeded)`,
    String.raw`\byour (?:account|domain|server|ip|message|host)\b[^.;]{0,40}\b(?:suspended|disabled|locked|not (?:active|allowed))`,
    'tenantattribution',
  ].join('|'),
  'i',
)

/** Matches words about a policy, a domain or a temporary state. With these a reply does not prove that a mailbox is missing. */
const aboutPolicy =
  /\blookup (?:fail|error)|\b(?:database|directory|service) (?:is )?(?:unavailable|down)\b|\bdomain\b[^.;:]{0,30}\bnot\b|\b(?:no such|unknown|invalid) (?:domain|host)\b|\bnot accept (?:any )?(?:e?-?mails?|messages)\b|\bsuspended\b|polic(?:y|ies)|\bspam|\bblock(?:ed|ing|s|list(?:ed)?)?\b|black ?list|\b(?:rbl|dnsbl)\b|reputation|access denied|prohibit|too many|\brate\b|\bclient host\b|\bip address\b|greylist|try again later|temporar|\bquota\b|\bfull\b/i

const owner =
  '(?:users?|recipients?|mail ?box(?:es)?|accounts?|addresses|address|addressee|alias|customer|local part|person)'

const missing = new RegExp(
  [
    String.raw`\b(?:unknown|no such|invalid|unrecognized|nonexistent|non-existent|bad|illegal)(?: or (?:unknown|illegal|invalid))?(?: (?:local|virtual|destination|e-?mail|mail|or))* ?\b${owner}\b`,
    String.raw`\b${owner}\b[ :]+(?:is |was )?(?:unknown|not known|not found|invalid|nonexistent)\b`,
    String.raw`\b${owner}\b[^.;:]{0,50}\b(?:does not|doesn.t|do not|not) exist\b`,
    String.raw`\b${owner}\b[^.;:]{0,30}\b(?:could not be|cannot be|can.t be|was not|not) found\b`,
    String.raw`\bno (?:mail ?box|user|account|such person)(?: found)? (?:here|by|with|at|for)\b`,
    String.raw`\bdoesn.t have an? [\w.]+ account\b`,
    String.raw`\bnot (?:a|our) (?:valid|known|customer)(?: ${owner})?\b`,
    String.raw`\bthis (?:mailbox|account|user) (?:is|has been) (?:disabled|closed|deactivated|discontinued)`,
    String.raw`\bmailbox unavailable \(S\d+\)`,
    String.raw`\bnull mx\b`,
  ].join('|'),
  'i',
)

export const aboutMailbox = {
  /** Tests whether the reply contains known words for a mailbox that does not exist. */
  isMissing: (words: string): boolean => missing.test(words),
  isDisabled: (words: string): boolean =>
    /disabled|inactive|deactivated|closed|discontinued|terminated/i.test(words) && !aboutPolicy.test(words),
  /** The reply also mentions a policy or a temporary state, so it does not prove that the mailbox is missing. */
  isDoubtful: (words: string): boolean => aboutPolicy.test(words),
}
