/** Everything that people and mail clients add to a code: blanks, line ends, dashes, quotes, brackets, invisible characters. */
const additions = /[\p{P}\p{S}\p{Z}\p{Cc}\p{Cf}\p{M}\u30fc]/gu
const otherDigits = /(?![0-9])\p{Nd}/gu

/**
 * Reduces a code that was typed or pasted to its letters and digits: full-width letters become ordinary ones, digits of every script
 * those of ASCII, and everything between and around them is removed. The case of letters stays.
 */
export const plainCode = (typed: string): string =>
  typed.normalize('NFKC').replace(additions, '').replace(otherDigits, toAsciiDigit)

/** Unicode has the digits of a script in one run of ten, from zero (The Unicode Standard, 4.6). */
function toAsciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0
  let first = code
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first--
  return String((code - first) % 10)
}
