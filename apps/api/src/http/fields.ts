import { lowerCaseAscii } from '@muster/identifiers'
import { z } from 'zod'

const controls = /\p{Cc}/u
const controlsButLines = /[^\P{Cc}\t\r\n]/u
/** Bidirectional embeddings, overrides and isolates reorder the text after them (Unicode TR 36, 2.8.3). */
const reordering = /[\u202A-\u202E\u2066-\u2069]/u
const halfCharacter = 'has half of a character (a lone surrogate)'
const invisible = /\p{Default_Ignorable_Code_Point}/gu

/**
 * Schema of a trimmed text. Its length is counted in characters, like in Postgres, and at least `min` of them are visible.
 * Refuses control characters (also tabs and line ends, unless `isMultiline`), characters that reorder the text, and lone
 * surrogates, which UTF-8 cannot encode.
 */
export function text({ min = 0, max, isMultiline = false }: { min?: number; max: number; isMultiline?: boolean }) {
  const refused = isMultiline ? controlsButLines : controls
  return z
    .string()
    .trim()
    .refine((value) => value.isWellFormed(), halfCharacter)
    .refine((value) => !refused.test(value), `has a control character${isMultiline ? '' : ' or a line end'}`)
    .refine((value) => !reordering.test(value), 'has a character that reverses the text around it')
    .refine(
      (value) => [...value.replace(invisible, '').trim()].length >= min && [...value].length <= max,
      min > 0 ? `has ${min} to ${max} characters` : `has at most ${max} characters`,
    )
    .meta({ minLength: min, maxLength: max })
}

/**
 * Schema of a password to check against a hash, exactly as given; `passwordFaults` has the rules of a new password. The
 * maximum is above that of a new password. Refuses lone surrogates: UTF-8 replaces all of them by the same character, so
 * that one password would match another.
 */
export const anyPassword = z
  .string()
  .min(1)
  .max(1_000)
  .refine((value) => value.isWellFormed(), { error: halfCharacter, abort: true })
  .refine((value) => !value.includes('\0'), { error: 'has a NUL character', abort: true })

/** Schema of an id in lower case, for text that only the API writes, such as cursors and tokens. */
export const exactId = z.uuid().refine((text) => text === lowerCaseAscii(text), 'is not in lower case')

/**
 * Schema of an id in a request; the output is in lower case. RFC 9562 allows capitals, which are the same row for Postgres but
 * another id for a comparison in code or a key in Redis.
 */
export const id = z.uuid().overwrite(lowerCaseAscii)

const earliest = '1970-01-01T00:00:00.000Z'
const latest = '9999-12-31T23:59:59.999Z'

/** Schema of an instant with any offset; the output is UTC with milliseconds. */
export const dateTime = z.iso
  .datetime({ offset: true, abort: true })
  .overwrite((value) => {
    const date = new Date(value)
    return Number.isNaN(date.getTime()) ? value : date.toISOString()
  })
  .refine((value) => value >= earliest && value <= latest, 'is not between 1970 and 9999')

/** Schema of an integer in a query, in decimal digits only; `Number` also reads `1e2`, `0x10` and spaces. */
export function queryInteger({ min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }) {
  return z
    .preprocess(
      (given) => (typeof given === 'string' && /^-?[0-9]+$/.test(given) ? clamp(Number(given)) : given),
      z.int('is not a whole number').min(min, `is less than ${min}`).max(max, `is more than ${max}`),
    )
    .meta({ json: { type: 'integer', minimum: min, ...(max < Number.MAX_SAFE_INTEGER && { maximum: max }) } })
}

/** Schema of a boolean in a query. */
export const queryBoolean = z
  .enum(['true', 'false'], 'is neither true nor false')
  .transform((value) => value === 'true')
  .meta({ json: { type: 'boolean' } })

/** An integer beyond the safe ones is clamped, or zod would report that it is not whole. */
const clamp = (value: number) => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))

const maxListed = 50

/** Schema of a list in one query parameter, separated by commas; `\,` is a comma within an item, `\\` a backslash. */
export function listOf<T extends z.ZodType<unknown, string>>(item: T) {
  return z
    .string()
    .max(maxListed * 60)
    .transform(splitList)
    .pipe(z.array(item).min(1).max(maxListed))
    .meta({ json: { type: 'array', items: itemSchema(item), minItems: 1, maxItems: maxListed } })
}

/** Returns the JSON Schema of an item; a named one is a component of the document, so another place must use it too. */
function itemSchema(item: z.ZodType): z.core.JSONSchema.JSONSchema {
  const name = z.globalRegistry.get(item)?.id
  if (name) return { $ref: `#/components/schemas/${name}` }
  const { $schema: _, ...json } = z.toJSONSchema(item, { io: 'input', unrepresentable: 'any' })
  if (json.format) delete json.pattern
  return json
}

function splitList(text: string): string[] {
  const items: string[] = []
  let item = ''
  for (const [part, escaped] of text.matchAll(/\\([\\,])|[^\\,]+|[\\,]/g)) {
    if (part === ',') {
      items.push(item)
      item = ''
    } else item += escaped ?? part
  }
  return [...items, item]
}

/** Body of an action that reads none: nothing, or an empty object. The document shows no body. */
export const noBody = z.strictObject({}).nullish()

/** Tells whether the body's schema is `noBody`. */
export const isNoBody = (schema: object): boolean => schema === noBody
