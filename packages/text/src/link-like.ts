/** What is a dot for a resolver of names (UTS 46) or looks like one, and does not become one by compatibility (NFKD). */
const dots = /[\u0589\u06d4\u0701\u0702\u2e31\u2e33\u3002\ua60e\u{10a50}\u{1d16d}]/gu
/**
 * The same, of what some scripts need in names (约翰·史密斯, ジョン・スミス) or write as letters and digits: dots only
 * between scripts that hosts are mostly named in. Catalan's l·l stays.
 */
const dotsByContext =
  /(?<=[\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}\p{Nd}])(?!(?<=l)\u00b7l)[\u00b7\u0660\u06f0\u1427\u2022\u2027\u2219\u22c5\u30fb\ua4f8](?=[\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}\p{Nd}])/giu
/** What looks like a colon, a slash or an at sign. */
const marks = /[\u0703-\u0709\u2044\u2215\u2236\u23ae\u2571\u2572\u27cb\u27cd\u29f5\u29f8\u29f9\u3033\ua789]/u
/** Letters and word separators that look like one next to Latin letters. */
const marksByContext =
  /[\p{sc=Latn}\p{Nd}.][\u02d0\u02d1\u02f8\u1361\u1735\u1803\u1809\u2cc6\u2f03\u30ce\u31d3\u4e3f\ua4fd]+[\p{sc=Latn}\p{Nd}]/u

const whatNoNameHas = /[:/\\@]|%[0-9a-f]{2}|&#|=\?/iu
/** Something, a dot, and what could be the last part of a host's name: at least two characters with a letter in them. */
const hostName = /\S\.(?=[\p{N}-]*\p{L})[\p{L}\p{N}-]{2}/u
/** A dot that begins a word, as in `evil .com`. */
const detachedDot = /(?:^|\s)\.(?=\p{L})/u
/** What a reader, if no program, puts together: `evil. com`, `evil dot com`. */
const spelledOut = /(?:\.|\bdot\b)\s*(?:com|net|org|info|biz|io|co|xyz|top)\b/iu
const addressOfNumbers = /\p{N}\.\p{N}+\.\p{N}/u
/** Something to call: mail clients make these links too. */
const phoneNumber = /(?:\p{Nd}[\s().+-]*){7}/u
/** People put these around a dot to get it through; they join no names. */
const brackets = /[()[\]{}<>"'‘’“”«»‹›「」『』【】〔〕]/gu

/**
 * Whether a mail client, a browser or a reader could take a part of the text for a web address, a mail address or a phone
 * number: after compatibility mapping (full-width, mathematical and enclosed letters), without what can't be seen, and with
 * everything that looks like a dot read as one. Written for names that reach people who don't know whose they are, so it
 * rather says yes.
 */
export function isLinkLike(text: string): boolean {
  const folded = text
    .normalize('NFKD')
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '')
    .replace(dots, '.')
    .replace(/\p{M}/gu, '')
    .replace(dotsByContext, '.')
  if (whatNoNameHas.test(folded) || marks.test(folded) || marksByContext.test(folded)) return true
  return [folded, folded.replace(brackets, ''), folded.replace(brackets, ' ')].some((words) =>
    [hostName, detachedDot, spelledOut, addressOfNumbers, phoneNumber].some((pattern) => pattern.test(words)),
  )
}
