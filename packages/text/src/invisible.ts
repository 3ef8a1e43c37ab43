const reordering = '\\u202a-\\u202e\\u2066-\\u2069'
const shaping = '\\u200c\\u200d\\ufe00-\\ufe0f\\u180b-\\u180d\\u180f\\u{e0020}-\\u{e007f}\\u{e0100}-\\u{e01ef}'
const neverShaping = new RegExp(`(?![${reordering}${shaping}])\\p{Default_Ignorable_Code_Point}`, 'gu')
/** Letters that no joiner or variation selector changes, blanks and punctuation, but not `1`, `#` and `*` of a keycap. */
const unshaped = new RegExp(
  '(?<=^|[\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{Z}\\p{P}\\p{N}])(?<!\\p{Extended_Pictographic})' +
    `(?!\\ufe0f\\u20e3)[${shaping}]+`,
  'gu',
)

/**
 * Removes invisible characters, so that texts that look alike are equal. Joiners, variation selectors and tags stay where they shape a
 * word or an emoji, and so do those that reorder a text, which is refused.
 */
export const withoutInvisible = (text: string): string =>
  text.normalize('NFC').replace(neverShaping, '').replace(unshaped, '')
