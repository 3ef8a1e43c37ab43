/**
 * Zones that were renamed, by the names that ICU keeps for them. Some systems lack the old names: Debian 13 has them in a
 * package of its own (`tzdata-legacy`). From CLDR's timezone.xml, attribute `iana`; held against ICU's list by a test.
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
 * Finds the present IANA name of the region whose clock a name stands for, in any case: `asia/calcutta` is `Asia/Kolkata`,
 * `US/Eastern` is `America/New_York`, `CET` is `Europe/Brussels`, `GMT` is `UTC`. Names of other regions with the same
 * clock stay apart, as in CLDR: `Europe/Amsterdam` is not Brussels.
 * @returns undefined for what is no name of a zone here: offsets (`+02:00`), POSIX forms (`UTC+3`), abbreviations of more
 * than one zone (`IST`)
 */
export function canonicalZone(name: string): string | undefined {
  // An offset knows no summer time.
  if (!/^[A-Za-z]/.test(name)) return undefined
  const known = zoneNamed(name)
  if (known === undefined) return undefined
  const ofRegion = new Intl.DateTimeFormat('en', { timeZone: known }).resolvedOptions().timeZone
  return zoneNamed(renamed.get(ofRegion) ?? ofRegion) ?? known
}

const found = new Map<string, string>()
const maxFound = 2_000

/**
 * The zone to compute with for what is stored: the name itself, or UTC when this process doesn't know it, which must not
 * hold up anything; {@link reportZones} tells of it.
 */
export function zoneOrUtc(stored: string): string {
  const before = found.get(stored)
  if (before) return before
  const zone = zoneNamed(stored) ?? 'UTC'
  if (found.size < maxFound) found.set(stored, zone)
  return zone
}

/** In its usual case; undefined when Temporal can't compute with it. */
function zoneNamed(name: string): string | undefined {
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId
  } catch {
    return undefined
  }
}
