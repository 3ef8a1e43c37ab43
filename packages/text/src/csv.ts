/** Characters that begin a formula in a spreadsheet, with their full-width forms and look-alikes (OWASP, CSV Injection). */
const trigger = '=+\\-@\u207a\u207b\u207c\u208a\u208b\u208c\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20'
/** Characters that a spreadsheet skips before a formula: blanks, quotes and invisible ones. */
const skipped = '(?:(?![\\t\\r\\n])[\\s"\\p{Default_Ignorable_Code_Point}\\p{Cc}\\p{Cf}])*'
/** A number is not a formula when it is the whole rest of the cell or lies within JSON: `;-5` is harmless, `-5|x` is not. */
const number = '[+-]\\d+(?:[.,]\\d+)?["\\]})]*(?:$|,)'
/** A cell begins with the text and after each separator: some spreadsheets split by locale, even within quotes. */
const formulaStart = new RegExp(`(?<=^|[,;|\\t\\r\\n])(?!${number})(?=${skipped}[${trigger}])`, 'gu')

/**
 * Formats a line of CSV (RFC 4180) with every cell quoted. An apostrophe disarms each possible formula, at the beginning of a cell
 * and after each character at which a spreadsheet may split: `,` `;` `|`, tab and line end.
 */
export const csvLine = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`

function csvCell(text: string): string {
  const harmless = text.replace(formulaStart, "'").replace(/^[\t\r\n]/, "'$&")
  return `"${harmless.replaceAll('"', '""')}"`
}
