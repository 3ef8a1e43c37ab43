const variation = '\u{FE0F}'
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Characters that are shown as text unless the variation selector follows; a skin tone after them replaces it. */
const textByDefault = /[\p{Emoji}--\p{Emoji_Presentation}](?!\p{Emoji_Modifier})/gv
const recommended = /^\p{RGI_Emoji}$/v
/** Code points that Unicode reserves for emoji of later versions. */
const reserved = /^[\p{Extended_Pictographic}&&\p{Cn}]$/v
const maxBytes = 32

/**
 * Reads one emoji and completes its variation selectors, so that each emoji has one spelling.
 * @returns undefined for text that is not one emoji of at most 32 bytes
 */
export function readEmoji(text: string): string | undefined {
  const emoji = text.replaceAll(variation, '').replace(textByDefault, `$&${variation}`)
  const isOne = [...segmenter.segment(emoji)].length === 1 && Buffer.byteLength(emoji) <= maxBytes
  return isOne && (recommended.test(emoji) || reserved.test(emoji)) ? emoji : undefined
}
