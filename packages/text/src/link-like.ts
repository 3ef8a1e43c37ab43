/** Characters that DNS clients treat as dots (UTS 46) or that look like dots, and that NFKD does not map to one. */
const dots = /[\u0589\u06d4\u0701\u0702\u2e31\u2e33\u3002\ua60e\u{10a50}\u{1d16d}]/gu
/**
 * Characters like {@link dots} that some scripts need in names (约翰·史密斯, ジョン・スミス) or use as letters or digits: they count as
 * dots only between Latin, Cyrillic, Greek and digits, of which most host names consist. Catalan's l·l is not a dot.
 */
const dotsByContext =
  /(?<=[\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}\p{Nd}])(?!(?<=l)\u00b7l)[\u00b7\u0660\u06f0\u1427\u2022\u2027\u2219\u22c5\u30fb\ua4f8](?=[\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}\p{Nd}])/giu
/** Characters that look like a colon, a slash or an at sign. */
const marks = /[\u0703-\u0709\u2044\u2215\u2236\u23ae\u2571\u2572\u27cb\u27cd\u29f5\u29f8\u29f9\u3033\ua789]/u
/** Letters and word separators that look like one of {@link marks} beside Latin letters. */
const marksByContext =
  /[\p{sc=Latn}\p{Nd}.][\u02d0\u02d1\u02f8\u1361\u1735\u1803\u1809\u2cc6\u2f03\u30ce\u31d3\u4e3f\ua4fd]+[\p{sc=Latn}\p{Nd}]/u

const linkSyntax = /[:/\\@]|%[0-9a-f]{2}|&#|=\?/iu
/** A character, a dot and a possible top-level domain: at least two characters with a letter among them. */
const hostName = /\S\.(?=[\p{N}-]*\p{L})[\p{L}\p{N}-]{2}/u
/** A dot at the beginning of a word, as in `evil .com`. */
const detachedDot = /(?:^|\s)\.(?=\p{L})/u
/** Spellings that only a human reader joins to a link: `evil. com`, `evil dot com`. */
const spelledOut = /(?:\.|\bdot\b)\s*(?:com|net|org|info|biz|io|co|xyz|top)\b/iu
const addressOfNumbers = /\p{N}\.\p{N}+\.\p{N}/u
/** A phone number with any separators: mail clients make links of them too. */
const phoneNumber = /(?:[\p{N}零一二三四五六七八九][^\p{L}\p{N}]*){7}/u
/** Letters in circles and squares, and regional indicators of flags. NFKD does not map them. */
const enclosedLetters = /[\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}\u{1f1e6}-\u{1f1ff}]/gu
const firstEnclosedLetters = [0x1f1e6, 0x1f170, 0x1f150]
/** The blank of Braille, which looks like a space. */
const blankBraille = /\u2800/gu
/** Brackets and quotes, with which people disguise a dot, as in `evil(.)com`. */
const brackets = /[()[\]{}<>"'‘’“”«»‹›「」『』【】〔〕]/gu

/**
 * Tests whether a mail client, a browser or a reader could take part of a text for a web address, a mail address or a phone number.
 * Applies compatibility mapping (full-width, mathematical and enclosed letters), ignores invisible characters, and treats every
 * look-alike of a dot as a dot. Meant for names that are shown to strangers, so doubtful cases count as links.
 */
export function isLinkLike(text: string): boolean {
  const folded = text
    .normalize('NFKD')
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '')
    .replace(enclosedLetters, toLatinLetter)
    .replace(blankBraille, ' ')
    .replace(dots, '.')
    .replace(/\p{M}/gu, '')
    .replace(dotsByContext, '.')
  if (linkSyntax.test(folded) || marks.test(folded) || marksByContext.test(folded)) return true
  return [folded, folded.replace(brackets, ''), folded.replace(brackets, ' ')].some((words) =>
    [hostName, detachedDot, spelledOut, addressOfNumbers, phoneNumber].some((pattern) => pattern.test(words)),
  )
}

function toLatinLetter(enclosed: string): string {
  const code = enclosed.codePointAt(0) ?? 0
  const first = firstEnclosedLetters.find((candidate) => candidate <= code) ?? code
  return String.fromCharCode('A'.charCodeAt(0) + code - first)
}
