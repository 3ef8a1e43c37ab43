/** How values are written before they are put into a mail. Each gives plain text; escaping comes after it. */
export const formats = {
  /** One line: whatever would break or hide a line becomes a space. */
  line: (value: unknown) => oneLine(value),
  /** A person's name, or nothing when it looks like an advertisement: the first mail goes to whom a stranger names. */
  person: (value: unknown) => unlessAdvertising(oneLine(value)),
  /** What a browser says that it is, which a stranger may have made up. */
  device: (value: unknown) => unlessAdvertising(oneLine(value)),
  /** Text whose line breaks stay. */
  lines: (value: unknown) => clean(value, unprintableButLineBreaks).trim(),
  /** `Friday 20 November 2026 at 14:30 CET`, in the receiver's zone. */
  dateTime: (value: unknown, timezone: string) => (value ? dateTimeIn(timezone).format(new Date(String(value))) : ''),
  flag: (value: unknown) => (value === true ? 'true' : ''),
  /** A web address out of the configuration, without a slash at its end. */
  address: (value: unknown) => String(value).replace(/\/+$/, ''),
  /** One part of a path. */
  pathPart: (value: unknown) => encodeURIComponent(String(value ?? '')),
} satisfies Record<string, (value: unknown, timezone: string) => string>

export type SlotFormat = keyof typeof formats

/** Control characters, and the invisible ones that turn the direction of writing around. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu
const unprintableButLineBreaks = /[^\P{Cc}\n]+|[\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu

const clean = (value: unknown, characters: RegExp) => String(value ?? '').replace(characters, ' ')
const unlessAdvertising = (text: string) => (/[:/\\@]|\S\.\p{L}{2}/u.test(text) ? '' : text)
const oneLine = (value: unknown) => clean(value, unprintable).replace(/\s+/gu, ' ').trim()

const dateTimeFormats = new Map<string, Intl.DateTimeFormat>()

/** Making one takes longer than writing a hundred dates; a zone that this system doesn't know is read as UTC. */
function dateTimeIn(timezone: string): Intl.DateTimeFormat {
  const known = dateTimeFormats.get(timezone)
  if (known) return known
  const made = makeDateTimeFormat(timezone)
  dateTimeFormats.set(timezone, made)
  return made
}

function makeDateTimeFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    })
  } catch {
    return makeDateTimeFormat('UTC')
  }
}
