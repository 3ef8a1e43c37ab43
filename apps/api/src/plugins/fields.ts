import { z } from 'zod'

/** Trimmed text, counted in characters as Postgres counts them; NUL, which Postgres can't hold, is refused. */
export function text({ min = 0, max }: { min?: number; max: number }) {
  return z
    .string()
    .trim()
    .refine((value) => !value.includes('\0'), 'has a NUL character')
    .refine((value) => isBetween([...value].length, min, max), `has ${min} to ${max} characters`)
    .meta({ minLength: min, maxLength: max })
}

const isBetween = (count: number, min: number, max: number) => count >= min && count <= max

const earliest = '1970-01-01T00:00:00.000Z'
const latest = '9999-12-31T00:00:00.000Z'

/** An instant in any offset, as UTC with milliseconds. */
export const moment = z.iso
  .datetime({ offset: true, abort: true })
  .overwrite((value) => {
    const date = new Date(value)
    return Number.isNaN(date.getTime()) ? value : date.toISOString()
  })
  .refine((value) => value >= earliest && value <= latest, 'is not between 1970 and 9999')

const maxListed = 50

/** A list in one query parameter, by comma. */
export function listOf<T extends z.ZodType<unknown, string>>(item: T) {
  return z
    .string()
    .max(maxListed * 60)
    .transform((value) => value.split(','))
    .pipe(z.array(item).min(1).max(maxListed))
}
