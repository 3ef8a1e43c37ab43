/** An encoded word has at most 75 characters (RFC 2047, 2), of which 60 are the base64 of 45 octets. */
const octetsPerWord = 45
/** Longer words are encoded, because encoded words can be folded (RFC 5322, 2.1.1). */
const longestPlainWord = 200

/**
 * Encodes a subject so that it arrives unchanged: as encoded words (RFC 2047) unless it is plain ASCII. ASCII that looks like an
 * encoded word (`=?utf-8?b?…?=`) is encoded too, because a mail client would decode it.
 * @returns words separated by single spaces, at which the header may be folded
 */
export function encodeSubject(text: string): string {
  const isPlain = /^[\x20-\x7e]*$/.test(text) && !text.includes('=?') && !/^\s|\s$|\s{2}/.test(text)
  if (isPlain && text.split(' ').every(({ length }) => length <= longestPlainWord)) return text
  const words: string[] = []
  let word = ''
  for (const character of text.toWellFormed()) {
    if (Buffer.byteLength(word + character) > octetsPerWord) {
      words.push(word)
      word = ''
    }
    word += character
  }
  return [...words, word].map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join(' ')
}
