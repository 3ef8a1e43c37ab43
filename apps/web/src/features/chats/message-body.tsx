import { isOnlyEmoji } from '../../lib/emoji.ts'
import { cx } from '../../ui/cx.ts'

/** An address of the web, without the punctuation of the sentence around it. */
const address = /https?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}»”’]/giu
const mention = /(?<![\p{L}\p{N}_])@[a-z0-9_.-]+/giu

/** The text of a message: addresses become links, everything else stays text. @param mentions marks `@name`, when members are mentioned */
export function MessageBody({ body, mentions = false }: { body: string; mentions?: boolean }) {
  const isLarge = isOnlyEmoji(body)
  return (
    // Each paragraph has the direction of its own first letter.
    <p className={cx('break-words whitespace-pre-wrap [unicode-bidi:plaintext]', isLarge && 'text-4xl leading-snug')}>
      {partsOf(body, address).map(({ text, isMatch, at }) =>
        isMatch && URL.canParse(text) ? (
          <a key={at} href={text} target="_blank" rel="noopener noreferrer" className="link">
            {text}
          </a>
        ) : mentions ? (
          partsOf(text, mention).map((part) =>
            part.isMatch ? (
              <span key={at + part.at} className="font-medium text-accent">
                {part.text}
              </span>
            ) : (
              part.text
            ),
          )
        ) : (
          text
        ),
      )}
    </p>
  )
}

type Part = { text: string; isMatch: boolean; at: number }

/** Divides a text into what matches and what stands between. */
function partsOf(text: string, pattern: RegExp): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (index > end) parts.push({ text: text.slice(end, index), isMatch: false, at: end })
    parts.push({ text: match, isMatch: true, at: index })
    end = index + match.length
  }
  if (end < text.length) parts.push({ text: text.slice(end), isMatch: false, at: end })
  return parts
}
