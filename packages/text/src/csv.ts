/** With what a spreadsheet begins a formula, also in full width and as its look-alikes (OWASP, CSV Injection). */
const trigger = '=+\\-@\u207a\u207b\u207c\u208a\u208b\u208c\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20'
/** What a spreadsheet skips before it: blanks, quotes and what can't be seen. */
const skipped = '(?:(?![\\t\\r\\n])[\\s"\\p{Default_Ignorable_Code_Point}\\p{Cc}\\p{Cf}])*'
/** A number is none: `;-5` stays. */
const number = '[+-]\\d+(?:[.,]\\d+)?["\\]})]*(?:$|[,;|\\t\\r\\n])'
/** A cell begins with the text, and wherever some spreadsheet splits it, for its locale and whether or not it is quoted. */
const formulaStart = new RegExp(`(?<=^|[,;|\\t\\r\\n])(?!${number})(?=${skipped}[${trigger}])`, 'gu')

/**
 * Writes one line of CSV (RFC 4180), every cell quoted. An apostrophe goes before what a spreadsheet would run, at the
 * beginning of a cell and behind each separator that one may split at: `,` `;` `|`, tab and line end.
 */
export const csvLine = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`

function csvCell(text: string): string {
  const harmless = text.replace(formulaStart, "'").replace(/^[\t\r\n]/, "'$&")
  return `"${harmless.replaceAll('"', '""')}"`
}
