import { dateIn, startOfDate, zoneOrUtc } from '@muster/zones'

/** The digest of one date of the person's own calendar, and the moment it is for. */
export type Digest = { localDate: string; at: Date }

/** By the clock on the person's wall. */
const digestTime = '05:00'
/** What is later than this is not sent any more. */
const missedAfterMs = 12 * 3_600_000
/** Of what was missed longer ago, nothing is written down. */
const maxLooksBack = 31

/**
 * When the digest of a date comes in a zone (IANA). On a day whose 05:00 is skipped it is as much later as the clock is put
 * forward, where 05:00 comes twice it is the first (RFC 5545, 3.3.5).
 * @returns undefined for a date that the zone skipped as a whole
 */
export function digestTimeOf(localDate: string, timezone: string): Date | undefined {
  const date = Temporal.PlainDate.from(localDate)
  const time = date.toZonedDateTime({ timeZone: zoneOrUtc(timezone), plainTime: digestTime })
  return time.toPlainDate().equals(date) ? new Date(time.epochMilliseconds) : undefined
}

/** When the date is over in the zone: the beginning of the one after it. */
export function endOfDate(localDate: string, timezone: string): Date {
  return startOfDate(Temporal.PlainDate.from(localDate).add({ days: 1 }), timezone)
}

/** The first digest after a moment. */
function nextDigest(after: Date, timezone: string): Digest {
  for (let date = dateIn(timezone, after); ; date = date.add({ days: 1 })) {
    const digest = digestOn(date, timezone)
    if (digest && digest.at > after) return digest
  }
}

/** The digests whose moments lie between two, both counted, the newest first; of a long time only those of a month. */
function digestsBetween(from: Date, to: Date, timezone: string): Digest[] {
  const digests: Digest[] = []
  let date = dateIn(timezone, to)
  for (let looks = 0; looks < maxLooksBack; looks++, date = date.subtract({ days: 1 })) {
    const digest = digestOn(date, timezone)
    if (digest && digest.at < from) break
    if (digest && digest.at <= to) digests.push(digest)
  }
  return digests
}

/** Whether it is too late for a digest. */
export const isDigestMissed = ({ at }: Pick<Digest, 'at'>, now: Date) => now.getTime() - at.getTime() > missedAfterMs

/**
 * What a look at a person finds who wants digests.
 * @param since from when on nobody has looked: usually the moment of the digest that is due now
 * @returns the digest to send; those that it is too late for, also because a newer one is due; and when to look again
 */
export function lookAt(
  { since, timezone }: { since: Date; timezone: string },
  now: Date,
): { due: Digest | undefined; missed: Digest[]; next: Date } {
  const { at: next } = nextDigest(now, timezone)
  const [newest, ...older] = digestsBetween(since, now, timezone)
  if (!newest) return { due: undefined, missed: [], next }
  return isDigestMissed(newest, now)
    ? { due: undefined, missed: [newest, ...older], next }
    : { due: newest, missed: older, next }
}

function digestOn(date: Temporal.PlainDate, timezone: string): Digest | undefined {
  const localDate = date.toString()
  const at = digestTimeOf(localDate, timezone)
  return at && { localDate, at }
}
