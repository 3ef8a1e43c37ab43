/** Everything that people and mail clients add to a code: blanks, line ends, dashes, quotes, brackets, invisible characters. */
const additions = /[\p{P}\p{S}\p{Z}\p{Cc}\p{Cf}\p{M}\u30fc]/gu

/**
 * Reduces a code that was typed or pasted to its letters and digits: full-width letters become ordinary ones, digits of one other
 * script those of ASCII, and everything between and around them is removed. The case of letters stays.
 */
export function plainCode(typed: string): string {
  const code = typed.normalize('NFKC').replace(additions, '')
  const zeros = new Set((code.match(/\p{Nd}/gu) ?? []).map(zeroOf))
  const [zero = 0, ...others] = zeros
  return others.length > 0 ? code : code.replace(/\p{Nd}/gu, (digit) => String((digit.codePointAt(0) ?? 0) - zero))
}

/** Removes what stands before a code in a mail or a list: `Code: `, `1. `. */
export const withoutLabel = (typed: string): string =>
  typed.replace(/^\s*(?:[\p{L}\p{M}\p{Zs}]+[:：]|\d{1,2}[.)]\s)/u, '')

/** Finds the zero of a digit's script, in which the digits stand from zero to nine (The Unicode Standard, 4.6). */
function zeroOf(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let first = code
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first--
  return code - ((code - first) % 10)
}
