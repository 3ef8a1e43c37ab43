import { sql } from 'kysely'

/**
 * Columns to set with every change on which the morning digest depends: timezone, preferences, activation, requested
 * deletion. They make a reminder worker compute the user's next digest at once. A computation that is due already keeps its
 * time, or a digest that is due now would be skipped.
 */
export const rescheduleDigest = (now: Date) => ({ next_digest_at: sql<Date>`least(next_digest_at, ${now})` })
