import { domainToASCII, domainToUnicode } from 'node:url'

/** ASCII that no domain has, and that a parser of URLs would take for something else. */
const foreignAscii = /[\0-,/:-@[-`{-\x7f]/

/**
 * Converts a domain to A-labels in lower case (UTS 46, not transitional, as browsers do).
 * @returns undefined when it cannot be converted, or has an A-label that encodes nothing
 */
export function toAsciiDomain(domain: string): string | undefined {
  if (foreignAscii.test(domain) || !domain.isWellFormed()) return undefined
  const ascii = domainToASCII(domain)
  return ascii !== '' && ascii.split('.').every(isValidLabel) ? ascii : undefined
}

const isValidLabel = (label: string) =>
  !label.startsWith('xn--') || (domainToASCII(domainToUnicode(label)) === label && domainToUnicode(label) !== label)

/** The scripts that one label may mix: those of Japanese, Korean and Chinese, each also with Latin (UTS 39, 5.2). */
const mixable = [
  /^[\p{scx=Latn}\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{N}-]+$/u,
  /^[\p{scx=Latn}\p{scx=Han}\p{scx=Hang}\p{N}-]+$/u,
  /^[\p{scx=Latn}\p{scx=Han}\p{scx=Bopo}\p{N}-]+$/u,
]
const scripts =
  'Arab Armn Beng Cyrl Deva Ethi Geor Grek Gujr Guru Hebr Khmr Knda Laoo Mlym Mymr Orya Sinh Taml Telu Thai'
const single = scripts.split(' ').map((script) => new RegExp(`^[\\p{scx=${script}}\\p{N}\u200c\u200d-]+$`, 'u'))

/**
 * Converts the A-labels of a domain to their own script. A label that mixes scripts, as imitations of another domain do, stays
 * an A-label.
 */
export const toUnicodeDomain = (domain: string): string => domain.split('.').map(toUnicodeLabel).join('.')

function toUnicodeLabel(label: string): string {
  const text = domainToUnicode(label)
  return [...mixable, ...single].some((pattern) => pattern.test(text)) ? text : label
}
