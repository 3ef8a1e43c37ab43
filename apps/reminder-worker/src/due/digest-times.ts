import { dateIn, startOfDate, zoneOrUtc } from '@muster/zones'

/** The digest for one date of the user's calendar, and the moment that it is scheduled for. */
export type Digest = { localDate: string; at: Date }

/** Local time in the user's zone. */
const digestTime = '05:00'
/** A digest that is later than this is not sent. */
const missedAfterMs = 12 * 3_600_000
/** Missed digests further back are not recorded. */
const maxDaysBack = 31

/**
 * Computes when the digest of a date is scheduled in a zone (IANA). On a day whose 05:00 is skipped it is later by as much as the
 * clock is put forward; where 05:00 occurs twice it is the first (RFC 5545, 3.3.5).
 * @returns undefined for a date that the zone skipped as a whole
 */
export function digestTimeOf(localDate: string, timezone: string): Date | undefined {
  const date = Temporal.PlainDate.from(localDate)
  const time = date.toZonedDateTime({ timeZone: zoneOrUtc(timezone), plainTime: digestTime })
  return time.toPlainDate().equals(date) ? new Date(time.epochMilliseconds) : undefined
}

/** Computes the end of a date in a zone, which is the start of the next date. */
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

/** The digests from one moment to another, both included, newest first; at most those of the last month. */
function digestsBetween(from: Date, to: Date, timezone: string): Digest[] {
  const digests: Digest[] = []
  let date = dateIn(timezone, to)
  for (let day = 0; day < maxDaysBack; day++, date = date.subtract({ days: 1 })) {
    const digest = digestOn(date, timezone)
    if (digest && digest.at < from) break
    if (digest && digest.at <= to) digests.push(digest)
  }
  return digests
}

/** Whether it is too late to send a digest. */
export const isDigestMissed = ({ at }: Pick<Digest, 'at'>, now: Date) => now.getTime() - at.getTime() > missedAfterMs

/**
 * Plans the digests of a user who wants them.
 * @param since the last stored `next_digest_at`: digests before it were planned earlier
 * @returns the digest to send now; missed digests, which are too late or older than the one to send; and when to plan again
 */
export function planDigests(
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
