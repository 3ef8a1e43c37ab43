import { DomainError } from '@muster/errors'
import { z } from 'zod'
import { readJson } from './read-json.ts'

export type Cursor<T> = {
  /** Returns the position as an opaque text. */
  encode(position: T): string
  /** @throws DomainError VALIDATION_FAILED for whatever `encode` does not give */
  decode(cursor: string): T
}

/**
 * Defines how the positions of a list travel as `nextCursor`. A cursor comes from outside like a body: it is parsed by the
 * schema of its fields, and taken in no other spelling than ours.
 * @param position the position's fields; it must not change what it reads
 * @param list what the list is called in the message
 */
export function cursorOf<T>(position: z.ZodType<T, T>, list = 'this list'): Cursor<T> {
  const encode = (fields: T) => Buffer.from(JSON.stringify(fields)).toString('base64url')
  return {
    encode,
    decode(cursor) {
      const fields = readJson(position, Buffer.from(cursor, 'base64url').toString())
      if (fields !== undefined && encode(fields) === cursor) return fields
      throw new DomainError('VALIDATION_FAILED', {
        details: [{ path: 'query.cursor', message: `is not a nextCursor of ${list}` }],
      })
    },
  }
}

/** What a query takes as a cursor, until its list reads it. */
export const cursorText = z
  .string()
  .min(1)
  .max(2_000)
  .optional()
  .meta({ description: '`nextCursor` of the page before' })

/** An instant as we write it into cursors, with milliseconds or, from Postgres, microseconds; Postgres has no year 0. */
export const cursorInstant = (digits: 3 | 6) =>
  z.iso.datetime({ precision: digits }).refine((instant) => !instant.startsWith('0000'), 'is of the year 0')
