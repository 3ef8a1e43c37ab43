import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import { cursorOf } from '../http/cursor.ts'

/** The position of an event in the audit log, which is ordered by time. */
export type AuditPosition = { micros: number; seq: number }

/** Microseconds since 1970 and the sequence number. */
const codec = cursorOf(z.tuple([z.int().min(0), z.int().min(0)]))

/** The `nextCursor` of lists of events. */
export const auditCursors = {
  encode: ({ micros, seq }: AuditPosition): string => codec.encode([micros, seq]),
  /** @throws DomainError VALIDATION_FAILED for a text that `encode` does not return */
  decode(cursor: string): AuditPosition {
    const [micros, seq] = codec.decode(cursor)
    return { micros, seq }
  },
}

/** SQL: the `micros` of an event's position. Expects a table named `event`. */
export const eventMicros = sql<number>`(extract(epoch from event.created_at) * 1000000)::bigint`

/** SQL: whether an event comes after the position in this order. Expects a table named `event`. */
export function isBeyond({ micros, seq }: AuditPosition, order: 'newest-first' | 'oldest-first'): RawBuilder<boolean> {
  const beyond = order === 'newest-first' ? sql`<` : sql`>`
  return sql`(event.created_at, event.seq) ${beyond}
    ('epoch'::timestamptz + ${micros}::bigint * interval '1 microsecond', ${seq}::bigint)`
}

/**
 * SQL: a condition on events whose selectivity Postgres is not to estimate: it would leave the index of the target for another one, or
 * sort all of its events.
 */
export const unestimated = (condition: RawBuilder<unknown>): RawBuilder<boolean> => sql`coalesce(${condition}, false)`
