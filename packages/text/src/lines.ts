/**
 * Characters that break a line or change how the text around them is shown: control characters, separators of lines and
 * paragraphs, and invisible characters that change the direction of writing or annotate (Unicode TR 36, 2.8.3).
 */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]+/gu
const unprintableButLineBreaks = /[^\P{Cc}\n]+|[\u2028\u2029\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]+/gu

/** Reduces a text to one line. Characters that would break or reorder it become spaces, lone surrogates become U+FFFD. */
export const singleLine = (text: string): string =>
  text.toWellFormed().replace(unprintable, ' ').replace(/\s+/gu, ' ').trim()

/** Cleans a text like {@link singleLine}, but keeps line breaks. */
export const multiLine = (text: string): string =>
  text.toWellFormed().replace(/\r\n?/g, '\n').replace(unprintableButLineBreaks, ' ').trim()

/** The blocks of scripts that are written from right to left, and the marks for that direction. */
const rightToLeft = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const [firstStrongIsolate, popIsolate] = ['\u2068', '\u2069']

/**
 * Isolates each line of a text with right-to-left writing, so that it does not reorder the text around it (Unicode Annex 9). The
 * argument must come from {@link singleLine} or {@link multiLine}, which remove characters that would end the isolation.
 */
export const isolated = (text: string): string =>
  rightToLeft.test(text) ? text.replace(/[^\n]+/gu, `${firstStrongIsolate}$&${popIsolate}`) : text
