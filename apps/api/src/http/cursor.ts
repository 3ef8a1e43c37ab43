import { invalid } from '@muster/errors'
import { readJson } from '@muster/text'
import { z } from 'zod'

export type Cursor<T> = {
  /** Encodes the position as an opaque text. */
  encode(position: T): string
  /** @throws DomainError VALIDATION_FAILED for a text that `encode` does not return */
  decode(cursor: string): T
}

/**
 * Creates the codec of a list's `nextCursor`. A cursor is untrusted input: it is parsed by the schema of its fields, and
 * refused in any spelling other than `encode`'s.
 * @param position schema of the position's fields; its output must equal its input
 * @param list name of the list in the error message
 */
export function cursorOf<T>(position: z.ZodType<T, T>, list = 'this list'): Cursor<T> {
  const encode = (fields: T) => Buffer.from(JSON.stringify(fields)).toString('base64url')
  return {
    encode,
    decode(cursor) {
      const fields = readJson(position, Buffer.from(cursor, 'base64url').toString())
      if (fields !== undefined && encode(fields) === cursor) return fields
      throw invalid('query.cursor', 'INVALID_CURSOR', {}, `is not a nextCursor of ${list}; begin again without it`)
    },
  }
}

/** Schema of the query parameter `cursor`; the list's codec decodes it. */
export const cursorText = z
  .string()
  .min(1)
  .max(2_000)
  .optional()
  .meta({ description: '`nextCursor` of the page before.' })

/** Schema of an instant in a cursor, with milliseconds or, from Postgres, microseconds. Postgres has no year 0. */
export const cursorInstant = (digits: 3 | 6) =>
  z.iso.datetime({ precision: digits }).refine((instant) => !instant.startsWith('0000'), 'is of the year 0')
