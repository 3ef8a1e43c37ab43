/**
 * What a server's answer says: the enhanced code of RFC 3463, and in which words. Known words are those of Postfix, Exim,
 * Sendmail, qmail, Exchange, Gmail, Yahoo, Outlook.com, SES, SendGrid and Mailgun, as people quote them when mail fails.
 */

/** At the beginning of a line behind the reply code, or as qmail and IronPort write it: `(#5.1.1)`, `550 #5.1.0`. */
const enhancedCode = /(?:^\d{3}[ -]|#)\s*#?([245]\.\d{1,3}\.\d{1,3})(?![\d]|\.\d)/m

export const enhancedCodeOf = (response = ''): string | undefined => enhancedCode.exec(response)?.[1]

/**
 * The words of an answer on one line, without reply codes, links, and addresses: `relay@example.com` may well be unknown.
 * Postfix names the table in which it did not find a user.
 */
export function wordsOf(response = ''): string {
  return response
    .replace(/^\d{3}[ -]/gm, ' ')
    .replace(/https?:\/\/\S+/gi, ' ')
    .replace(/<[^<>]*>|[^\s<>()]*@[^\s<>()]*/g, ' ')
    .replace(/\bin (?:relay recipient|local recipient|virtual mailbox|virtual alias) table\b/gi, ' ')
    .replace(/\s+/g, ' ')
}

/** The server does not let Muster send: relaying, the sender, authentication, an account that is not set up or used up. */
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

/** Words of a policy, a domain or a passing state, of which a mailbox is no part even where the code says so. */
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
  /** The answer says in known words that there is no such mailbox. */
  isMissing: (words: string): boolean => missing.test(words),
  isDisabled: (words: string): boolean =>
    /disabled|inactive|deactivated|closed|discontinued|terminated/i.test(words) && !aboutPolicy.test(words),
  /** The answer speaks of a policy or a passing state as well, so it proves nothing about the mailbox. */
  isDoubtful: (words: string): boolean => aboutPolicy.test(words),
}
