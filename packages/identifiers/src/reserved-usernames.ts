const words = (text: string): string[] => text.trim().split(/\s+/)

/** Whoever has such a name seems to speak for the installation. */
const authorities = words(`
  admin admins administrator administration administrators superadmin siteadmin clientadmin sysadmin superuser root sudo
  operator operators moderator moderators mod mods staff official owner owners team
  muster system systems service server daemon bot robot
  support helpdesk help customercare customerservice security secure safety privacy trust legal compliance
  billing payment payments sales accounts info contact feedback
`)

/** Mailboxes of a domain that others believe (RFC 2142), and senders of machines. */
const mailboxes = words(`
  abuse noc hostmaster postmaster webmaster usenet news mail email mailer mailerdaemon smtp imap pop noreply donotreply
  notification notifications
`)

/** What programs, addresses and mentions in chats mean something else by. */
const technical = words(`
  null undefined none nil nan true false void unknown anonymous
  me self you my all everyone everybody here channel nobody
  deleted deleteduser former formermember formeruser removed
  api www web ftp ssh dns localhost login logout signin signout signup register auth oauth session sessions account
  settings profile config
  dashboard console
`)

const reserved: ReadonlySet<string> = new Set([...authorities, ...mailboxes, ...technical])

/** Names of rows that were made anonymous begin so. */
const reservedPrefix = 'deleted_'
/** Shorter words with a number behind them stand for nothing any more: `me2`, `api7`. */
const minNumberedLength = 4

/** Digits that are read as letters; 1 stands for two of them. */
const lookAlikes = { '0': 'o', '3': 'e', '4': 'a', '5': 's', '7': 't' } as const

/**
 * Tells whether a username is reserved: a word of the list, also with underscores in it, a number behind it or digits
 * that look like its letters (`_admin_`, `support24`, `r00t`). Accounts that have such a name keep it.
 */
export function isReservedUsername(username: string): boolean {
  const joined = username.replaceAll('_', '')
  const unnumbered = joined.replace(/\d+$/, '')
  const candidates = [joined, ...(unnumbered.length >= minNumberedLength ? [unnumbered] : [])]
  return username.startsWith(reservedPrefix) || candidates.flatMap(readings).some((reading) => reserved.has(reading))
}

/** How the name may be read. */
function readings(name: string): string[] {
  const letters = name.replace(/[03457]/g, (digit) => lookAlikes[digit as keyof typeof lookAlikes])
  return [name, letters.replaceAll('1', 'i'), letters.replaceAll('1', 'l')]
}
