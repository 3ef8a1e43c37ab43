import { lowerCaseAscii } from '@muster/identifiers'
import { withoutInvisible } from '@muster/text'
import { z } from 'zod'
import { exampleDate, exampleInstant, issueOf, rule } from './errors/details-of-issues.ts'
import { readDate, readInstant } from './read-instant.ts'

const controls = /\p{Cc}/u
const controlsButLines = /[^\P{Cc}\t\r\n]/u
/** Bidirectional embeddings, overrides and isolates reorder the text after them (Unicode TR 36, 2.8.3). */
const reordering = /[\u202A-\u202E\u2066-\u2069]/u
const halfCharacter = rule('INVALID_CHARACTER', { kind: 'surrogate' }, 'has half of a character (a lone surrogate)')
const invisible = /\p{Default_Ignorable_Code_Point}/gu

/**
 * Schema of a trimmed text in NFC, in which texts that look alike are equal. Invisible characters of one line are removed. Its length is counted in characters, like in Postgres, and at least `min` of them are visible.
 * Refuses control characters (also tabs and line ends, unless `isMultiline`), characters that reorder the text, and lone
 * surrogates, which UTF-8 cannot encode.
 */
export function text({ min = 0, max, isMultiline = false }: { min?: number; max: number; isMultiline?: boolean }) {
  const refused = isMultiline ? controlsButLines : controls
  const control = `has a control character${isMultiline ? '' : ' or a line end'}`
  return z
    .string()
    .overwrite((value) => (isMultiline ? value : withoutInvisible(value)))
    .normalize('NFC')
    .trim()
    .refine((value) => value.isWellFormed(), halfCharacter)
    .refine((value) => !refused.test(value), rule('INVALID_CHARACTER', { kind: 'control' }, control))
    .refine(
      (value) => !reordering.test(value),
      rule('INVALID_CHARACTER', { kind: 'direction' }, 'has a character that reverses the text around it'),
    )
    .refine((value) => [...value.replace(invisible, '').trim()].length >= min, rule('TOO_SHORT', { min, max }))
    .refine((value) => [...value].length <= max, rule('TOO_LONG', { min, max }))
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
  .refine((value) => value.isWellFormed(), { ...halfCharacter, abort: true })
  .refine((value) => !value.includes('\0'), {
    ...rule('INVALID_CHARACTER', { kind: 'nul' }, 'has a NUL character'),
    abort: true,
  })
  .meta({
    description: 'The password, exactly as the user typed it.',
    examples: ['Green Rivers 7 at Dawn'],
    format: 'password',
  })

/** A password for the examples of the document. */
export const examplePassword = 'Green Rivers 7 at Dawn'

/** Schema of a new password; `passwordFaults` has its rules, which depend on the user. */
export const newPassword = anyPassword.describe(
  'The new password: 8 to 128 characters with an upper-case letter, a lower-case letter and a digit; none of the common ones, and without the own name.',
)

/** Schema of an id in lower case, for text that only the API writes, such as cursors and tokens. */
export const exactId = z.uuid().refine((text) => text === lowerCaseAscii(text))

/**
 * Schema of an id in a request; the output is in lower case. RFC 9562 allows capitals, which are the same row for Postgres but
 * another id for a comparison in code or a key in Redis.
 */
export const id = z.uuid().overwrite(lowerCaseAscii)

/** Schema of an instant as RFC 3339 writes it, and a little more freely; the output is UTC with milliseconds. */
export const dateTime = z
  .string(`must be text, like ${exampleInstant}`)
  .transform((given, ctx) => {
    const read = readInstant(given)
    if (typeof read === 'string') return read
    ctx.addIssue(issueOf([], read))
    return z.NEVER
  })
  .meta({ examples: [exampleInstant], json: { type: 'string', format: 'date-time' } })

/** Schema of a date without a time, such as one of a calendar, from 1970 on. */
export const calendarDate = z
  .string(`must be text, like ${exampleDate}`)
  .transform((given, ctx) => {
    const read = readDate(given)
    if (typeof read === 'string') return read
    ctx.addIssue(issueOf([], read))
    return z.NEVER
  })
  .meta({ examples: [exampleDate], json: { type: 'string', format: 'date' } })

/** Schema of an integer in a query, in decimal digits only; `Number` also reads `1e2`, `0x10` and spaces. */
export function queryInteger({ min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }) {
  return z
    .preprocess((given) => (given === undefined ? given : readInteger(given)), z.int().min(min).max(max))
    .meta({ json: { type: 'integer', minimum: min, ...(max < Number.MAX_SAFE_INTEGER && { maximum: max }) } })
}

/** Returns the integer; for anything else a number that is none. */
const readInteger = (given: unknown) =>
  typeof given === 'string' && /^-?\d+$/.test(given) ? clamp(Number(given)) : 0.5

/** Schema of the order of a list: a field, or `-` and a field for descending. `+`, which a query decodes as a space, changes nothing. */
export function sortBy<Field extends string>(fields: readonly Field[]) {
  const sorts = fields.flatMap((field) => [field, `+${field}`, `-${field}`] as const)
  return z
    .string()
    .trim()
    .pipe(z.enum(sorts))
    .meta({ json: { type: 'string', enum: fields.flatMap((field) => [field, `-${field}`]) } })
}

/** Schema of a boolean in a query. */
export const queryBoolean = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .meta({ json: { type: 'boolean' } })

/** An integer beyond the safe ones is clamped, or zod would report that it is not whole. */
const clamp = (value: number) => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))

/** Schema of a list in one query parameter, separated by commas; `\,` is a comma within an item, `\\` a backslash. */
export function listOf<T extends z.ZodType<unknown, string>>(item: T, { max = 50 }: { max?: number } = {}) {
  return z
    .string()
    .max(max * 60)
    .transform(splitList)
    .pipe(z.array(item).min(1).max(max))
    .meta({ json: { type: 'array', items: itemSchema(item), minItems: 1, maxItems: max } })
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

/** Why somebody with a platform role does something; the audit log keeps it. */
export const note = text({ min: 1, max: 500, isMultiline: true }).meta({
  description: 'Why it is done, for the audit log.',
  examples: ['Asked for by phone.'],
})

/** A body that has nothing but the note of an action, and may be left out. */
export const noteBody = z
  .strictObject({ note: note.optional() })
  .meta({ id: 'ActionNote', description: 'Why something is done.', examples: [{ note: 'Asked for by phone.' }] })
  .nullish()

/** Body of an action that reads none: nothing, or an empty object. The document shows no body. */
export const noBody = z.strictObject({}).nullish()

/** Tells whether the body's schema is `noBody`. */
export const isNoBody = (schema: object): boolean => schema === noBody
