import { lowerCaseAscii } from '@muster/identifiers'
import { z } from 'zod'

const controls = /\p{Cc}/u
const controlsButLines = /[^\P{Cc}\t\r\n]/u
/** Embeddings, overrides and isolates make what follows look like other text (Unicode TR 36, 2.8.3); marks and letters stay. */
const reordering = /[\u202A-\u202E\u2066-\u2069]/u
const halfCharacter = 'has half of a character (a lone surrogate)'
const invisible = /\p{Default_Ignorable_Code_Point}/gu

/**
 * Trimmed text, counted in characters as Postgres counts them, of which `min` can be seen. Control characters (tabs and
 * line ends too, unless `isMultiline`), characters that reorder the text, and halves of surrogate pairs, which UTF-8
 * can't hold, are refused.
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
 * A password as it was given, for what is checked; longer than any may be, because what is checked must end somewhere.
 * Halves of surrogate pairs are refused: UTF-8 has one replacement for all of them, so that one password would be as good
 * as another. What a new one must be is told by `passwordFaults`.
 */
export const anyPassword = z
  .string()
  .min(1)
  .max(1_000)
  .refine((value) => value.isWellFormed(), { error: halfCharacter, abort: true })
  .refine((value) => !value.includes('\0'), { error: 'has a NUL character', abort: true })

/** An id exactly as ids are written here: for what only the API itself writes, as cursors and tokens. */
export const exactId = z.uuid().refine((text) => text === lowerCaseAscii(text), 'is not in lower case')

/**
 * An id that somebody sends, as ids are written here: RFC 9562 lets it come in capitals, which Postgres takes for the same
 * row and a comparison in the code, or a key in Redis, for another one.
 */
export const id = z.uuid().overwrite(lowerCaseAscii)

const earliest = '1970-01-01T00:00:00.000Z'
const latest = '9999-12-31T23:59:59.999Z'

/** An instant in any offset, as UTC with milliseconds. */
export const moment = z.iso
  .datetime({ offset: true, abort: true })
  .overwrite((value) => {
    const date = new Date(value)
    return Number.isNaN(date.getTime()) ? value : date.toISOString()
  })
  .refine((value) => value >= earliest && value <= latest, 'is not between 1970 and 9999')

const maxListed = 50

/** A list in one query parameter, by comma; `\,` is a comma within an item, and `\\` a backslash. */
export function listOf<T extends z.ZodType<unknown, string>>(item: T) {
  const items = item instanceof z.ZodEnum ? `Any of ${item.options.join(', ')}` : 'Any'
  return z
    .string()
    .max(maxListed * 60)
    .transform(splitList)
    .pipe(z.array(item).min(1).max(maxListed))
    .meta({ description: `${items}; several by comma, where \\, is a comma within one, and \\\\ a backslash` })
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
