/** RFC 2047, 2: an encoded word is at most 75 characters, 63 of them base64 of 45 octets. */
const octetsPerWord = 45
/** Longer ones are encoded, so that they can be folded wherever it is needed (RFC 5322, 2.1.1). */
const longestPlainWord = 200

/**
 * Writes a subject so that it arrives as it is: everything but plain ASCII goes into encoded words (RFC 2047), and so does
 * plain ASCII that a reader would decode (`=?utf-8?b?…?=`).
 * @returns words with single spaces between them, at which the header may be folded
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
