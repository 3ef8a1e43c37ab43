/**
 * Maps the old names that ICU keeps for renamed zones to the new ones. Some systems lack the old names: Debian 13 has them in a
 * separate package (`tzdata-legacy`). Source: attribute `iana` of CLDR's timezone.xml; a test compares it with ICU's list.
 */
const renamed: ReadonlyMap<string, string> = new Map([
  ['Africa/Asmera', 'Africa/Asmara'],
  ['America/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ['America/Catamarca', 'America/Argentina/Catamarca'],
  ['America/Coral_Harbour', 'America/Atikokan'],
  ['America/Cordoba', 'America/Argentina/Cordoba'],
  ['America/Godthab', 'America/Nuuk'],
  ['America/Indianapolis', 'America/Indiana/Indianapolis'],
  ['America/Jujuy', 'America/Argentina/Jujuy'],
  ['America/Louisville', 'America/Kentucky/Louisville'],
  ['America/Mendoza', 'America/Argentina/Mendoza'],
  ['Asia/Calcutta', 'Asia/Kolkata'],
  ['Asia/Katmandu', 'Asia/Kathmandu'],
  ['Asia/Rangoon', 'Asia/Yangon'],
  ['Asia/Saigon', 'Asia/Ho_Chi_Minh'],
  ['Atlantic/Faeroe', 'Atlantic/Faroe'],
  ['Europe/Kiev', 'Europe/Kyiv'],
  ['Pacific/Enderbury', 'Pacific/Kanton'],
  ['Pacific/Ponape', 'Pacific/Pohnpei'],
  ['Pacific/Truk', 'Pacific/Chuuk'],
])

/**
 * Converts the name of a time zone, in any case, to the current IANA name of its region: `asia/calcutta` to
 * `Asia/Kolkata`, `US/Eastern` to `America/New_York`, `CET` to `Europe/Brussels`, `GMT` to `UTC`. Regions with the same
 * clock keep their own names, as in CLDR: `Europe/Amsterdam` stays.
 * @returns undefined for text that names no zone: offsets (`+02:00`), POSIX forms (`UTC+3`), abbreviations of several zones (`IST`)
 */
export function canonicalZone(name: string): string | undefined {
  // An offset has no summer time.
  if (!/^[A-Za-z]/.test(name)) return undefined
  const known = zoneNamed(name)
  if (known === undefined) return undefined
  const ofRegion = new Intl.DateTimeFormat('en', { timeZone: known }).resolvedOptions().timeZone
  return zoneNamed(renamed.get(ofRegion) ?? ofRegion) ?? known
}

const found = new Map<string, string>()
const maxFound = 2_000

/**
 * Returns a stored zone name if this process can compute with it, else UTC: an unknown zone must not fail a request.
 * {@link reportZones} logs unknown zones at start.
 */
export function zoneOrUtc(stored: string): string {
  const before = found.get(stored)
  if (before) return before
  const zone = zoneNamed(stored) ?? 'UTC'
  if (found.size < maxFound) found.set(stored, zone)
  return zone
}

/** Returns the name of a zone in its standard case, or undefined when Temporal does not know the zone. */
function zoneNamed(name: string): string | undefined {
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId
  } catch {
    return undefined
  }
}
