import { isLinkLike, isolated, multiLine, singleLine } from '@muster/text'
import { zoneOrUtc } from '@muster/zones'

/** How values are written before they are put into a mail. Each gives plain text; escaping comes after it. */
export const formats = {
  /** One line: whatever would break or hide a line becomes a space. */
  line: (value: unknown) => isolated(singleLine(String(value ?? ''))),
  /** A person's name, or nothing when it looks like an advertisement: the first mail goes to whom a stranger names. */
  person: (value: unknown) => unlessLinkLike(value),
  /** What a browser says that it is, which a stranger may have made up. */
  device: (value: unknown) => unlessLinkLike(value),
  /** Text whose line breaks stay. */
  lines: (value: unknown) => isolated(multiLine(String(value ?? ''))),
  /** `Friday 20 November 2026 at 14:30 CET`, in the receiver's zone. */
  dateTime: (value: unknown, timezone: string) => (value ? dateTimeIn(timezone).format(new Date(String(value))) : ''),
  /** `14:30` in the receiver's zone. */
  time: (value: unknown, timezone: string) => (value ? timeIn(timezone).format(new Date(String(value))) : ''),
  /** `Friday, 20 November 2026`, of a date that belongs to no zone. */
  day: (value: unknown) => (value ? dayFormat.format(new Date(`${value}T00:00:00Z`)) : ''),
  /** `1 task`, `3 tasks`; nothing for none. */
  tasks: (value: unknown) => (value ? `${value} ${value === 1 ? 'task' : 'tasks'}` : ''),
  /** A number; nothing for none. */
  count: (value: unknown) => (value ? String(value) : ''),
  flag: (value: unknown) => (value === true ? 'true' : ''),
  /** A web address out of the configuration, without a slash at its end. */
  address: (value: unknown) => String(value).replace(/\/+$/, ''),
  /** One part of a path. */
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

/** Making one takes longer than writing a hundred dates; a zone that this process doesn't know is read as UTC. */
function zonedFormat(options: Intl.DateTimeFormatOptions): (timezone: string) => Intl.DateTimeFormat {
  const made = new Map<string, Intl.DateTimeFormat>()
  return (timezone) => {
    const timeZone = zoneOrUtc(timezone)
    const format = made.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', { timeZone, ...options })
    made.set(timeZone, format)
    return format
  }
}
