import { isLinkLike, isolated, multiLine, singleLine } from '@muster/text'
import { zoneOrUtc } from '@muster/zones'

/** Formats of slot values. Each returns plain text, which is escaped afterwards. */
export const formats = {
  /** One line of text; line breaks and invisible characters become spaces. */
  line: (value: unknown) => isolated(singleLine(String(value ?? ''))),
  /** A person's name; empty when it contains a link, because a stranger could send advertisements to any address that way. */
  person: (value: unknown) => unlessLinkLike(value),
  /** A browser's description of itself; empty when it contains a link, because a stranger can forge it. */
  device: (value: unknown) => unlessLinkLike(value),
  /** Text with its line breaks. */
  lines: (value: unknown) => isolated(multiLine(String(value ?? ''))),
  /** `Friday 20 November 2026 at 14:30 CET`, in the recipient's zone. */
  dateTime: (value: unknown, timezone: string) => (value ? dateTimeIn(timezone).format(new Date(String(value))) : ''),
  /** `14:30` in the recipient's zone. */
  time: (value: unknown, timezone: string) => (value ? timeIn(timezone).format(new Date(String(value))) : ''),
  /** `Friday, 20 November 2026`, for a date without a time zone. */
  day: (value: unknown) => (value ? dayFormat.format(new Date(`${value}T00:00:00Z`)) : ''),
  /** `1 task`, `3 tasks`; empty for 0. */
  tasks: (value: unknown) => (value ? `${value} ${value === 1 ? 'task' : 'tasks'}` : ''),
  /** `1 unread message`, `99+ unread messages`; empty for 0. */
  unreadMessages: (value: unknown) =>
    value ? `${Number(value) > 99 ? '99+' : value} unread ${value === 1 ? 'message' : 'messages'}` : '',
  /** `1 other`, `3 others`; empty for 0. */
  others: (value: unknown) => (value ? `${value} ${value === 1 ? 'other' : 'others'}` : ''),
  /** A number; empty for 0. */
  count: (value: unknown) => (value ? String(value) : ''),
  flag: (value: unknown) => (value === true ? 'true' : ''),
  /** A URL of the configuration, without a slash at its end. */
  address: (value: unknown) => String(value).replace(/\/+$/, ''),
  /** A percent-encoded segment of a path or value of a query. */
  pathPart: (value: unknown) => encodeURIComponent(String(value ?? '')),
} satisfies Record<string, (value: unknown, timezone: string) => string>

export type SlotFormat = keyof typeof formats

function unlessLinkLike(value: unknown): string {
  const name = singleLine(String(value ?? ''))
  return isLinkLike(name) ? '' : isolated(name)
}

const date = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const
const time = { hour: '2-digit', minute: '2-digit' } as const

const dateTimeIn = zonedFormat({ ...date, ...time, timeZoneName: 'short' })
const timeIn = zonedFormat(time)
const dayFormat = new Intl.DateTimeFormat('en-GB', { ...date, timeZone: 'UTC' })

/** Caches one formatter per zone, because making one takes as long as formatting a hundred dates. An unknown zone counts as UTC. */
function zonedFormat(options: Intl.DateTimeFormatOptions): (timezone: string) => Intl.DateTimeFormat {
  const formatters = new Map<string, Intl.DateTimeFormat>()
  return (timezone) => {
    const timeZone = zoneOrUtc(timezone)
    const format = formatters.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', { timeZone, ...options })
    formatters.set(timeZone, format)
    return format
  }
}
