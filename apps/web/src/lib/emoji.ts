import { graphemesOf } from './graphemes.ts'

// A browser takes 15 ms to build the patterns of all emoji: only texts without plain letters are looked at.
const hasPlainLetter = (text: string): boolean => /[a-z]/i.test(text)

/** Tells whether a text is one emoji, as the server counts. */
export const isEmoji = (text: string): boolean =>
  !hasPlainLetter(text) && graphemesOf(text).length === 1 && /^(?:\p{RGI_Emoji}|\p{Emoji})$/v.test(text)

/** Tells whether a text is up to three emoji and nothing else. */
export const isOnlyEmoji = (text: string): boolean => !hasPlainLetter(text) && /^(?:\p{RGI_Emoji}\s*){1,3}$/v.test(text)
