import { sql } from 'kysely'

/**
 * What every change of a `users` row sets on which the morning digest depends: zone, preference, being active or about to
 * leave. A reminder worker then looks at the person at once and computes when the next one comes. A look that is due
 * already stays where it is, or the digest of this moment would be passed over.
 */
export const rescheduleDigest = (now: Date) => ({ next_digest_at: sql<Date>`least(next_digest_at, ${now})` })
