const words = (text: string): string[] => text.trim().split(/\s+/)

/** Users with these names would seem to speak for the installation. */
const authorities = words(`
  admin admins administrator administration administrators superadmin siteadmin clientadmin sysadmin superuser root sudo
  clientuser operator operators moderator moderators mod mods staff official owner owners team
  muster system systems service server daemon bot robot
  support helpdesk help customercare customerservice security secure safety privacy trust legal compliance
  billing payment payments sales accounts info contact feedback
`)

/** Mailboxes of a domain that others trust (RFC 2142), and senders of automatic mail. */
const mailboxes = words(`
  abuse noc hostmaster postmaster webmaster usenet news mail email mailer mailerdaemon smtp imap pop noreply donotreply
  notification notifications
`)

/** Words with another meaning in programs, in addresses or as mentions in chats. */
const technical = words(`
  null undefined none nil nan true false void unknown anonymous
  me self you my all everyone everybody here channel nobody
  deleted deleteduser former formermember formeruser removed
  api www web ftp ssh dns localhost login logout signin signout signup register auth oauth session sessions account
  settings profile config
  dashboard console
  constructor prototype proto hasownproperty tostring valueof
`)

const reserved: ReadonlySet<string> = new Set([...authorities, ...mailboxes, ...technical])

/** Words that may surround a reserved one without making it harmless: `the_real_admin`, `it_support`. */
const fillers = words('the real our it')
const speaker = `(?:${[...authorities, ...mailboxes].join('|')})`
const between = `(?:${[...authorities, ...mailboxes, ...fillers].join('|')})*`
const composed = new RegExp(`^${between}${speaker}${between}$`)

/** The prefix of the usernames of anonymised users. */
const reservedPrefix = 'deleted_'
/** Shorter reserved words become harmless with a number after them: `me2`, `api7`. */
const minNumberedLength = 4

/** Digits that look like letters; 1 looks like two of them. */
const lookAlikes = { '0': 'o', '3': 'e', '4': 'a', '5': 's', '7': 't' } as const

/**
 * Tests whether a username is reserved: a word of the lists, or a combination of words that speak for the installation
 * (`muster_support`, `the_real_admin`), also with underscores, with a number after it or with look-alikes of its letters
 * (`_admin_`, `support24`, `r00t`, `adrnin`). Existing users keep such a name.
 */
export function isReservedUsername(username: string): boolean {
  const joined = username.replaceAll('_', '')
  const unnumbered = joined.replace(/\d+$/, '')
  const candidates = [joined, ...(unnumbered.length >= minNumberedLength ? [unnumbered] : [])]
  return username.startsWith(reservedPrefix) || candidates.flatMap(readings).some(isReservedWord)
}

const isReservedWord = (reading: string): boolean => reserved.has(reading) || composed.test(reading)

/** Lists the words that a name may be read as, with look-alikes replaced. */
function readings(name: string): string[] {
  const letters = name.replace(/[03457]/g, (digit) => lookAlikes[digit as keyof typeof lookAlikes])
  const numbered = [name, letters.replaceAll('1', 'i'), letters.replaceAll('1', 'l')]
  return numbered.flatMap((reading) => [reading, reading.replaceAll('rn', 'm').replaceAll('vv', 'w')])
}
