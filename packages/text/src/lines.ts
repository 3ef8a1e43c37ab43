/**
 * Control characters, line and paragraph separators, and the invisible ones that turn the direction of writing around or
 * annotate (Unicode TR 36, 2.8.3): what would break a line or show another text than the one that is there.
 */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]+/gu
const unprintableButLineBreaks = /[^\P{Cc}\n]+|[\u2028\u2029\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]+/gu

/** Writes a text as one line: whatever would break or reorder it becomes a space, half a character becomes U+FFFD. */
export const singleLine = (text: string): string =>
  text.toWellFormed().replace(unprintable, ' ').replace(/\s+/gu, ' ').trim()

/** Writes a text whose line breaks stay; everything else is as in {@link singleLine}. */
export const multiLine = (text: string): string =>
  text.toWellFormed().replace(/\r\n?/g, '\n').replace(unprintableButLineBreaks, ' ').trim()

/** The blocks of scripts that are written from right to left, and the marks that say so. */
const rightToLeft = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const [firstStrongIsolate, popIsolate] = ['\u2068', '\u2069']

/**
 * Encloses each line of a text in isolates where it holds writing from right to left, so that it reorders nothing of what
 * stands around it (Unicode Annex 9). The text has been through {@link singleLine} or {@link multiLine}: it can't end them.
 */
export const isolated = (text: string): string =>
  rightToLeft.test(text) ? text.replace(/[^\n]+/gu, `${firstStrongIsolate}$&${popIsolate}`) : text
