/** The length of a message, how much of it is searched, and for how many texts that a user sent. */
const maxMessageLength = 1_000
const maxSearchedLength = 10_000
const maxTexts = 2_000
const maxDepth = 6
/** Shorter texts would remove letters from every word. */
const minLength = 3

const removed = '[removed]'

/** Patterns of personal data and secrets in any message, and their replacements. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z\d+.-]*:\/\/)[^\s/@]*@/gi, `$1${removed}@`],
  [/([?#])[^\s"')]+/g, `$1${removed}`],
  [/[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)*/g, '[address]'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '[address]'],
  [/(?:\b[\da-f]{1,4})?(?::[\da-f]{0,4}){3,7}\b/gi, '[address]'],
  // Hashes of passwords.
  [/\$[\w.+/=,$-]{8,}/g, removed],
  // Codes.
  [/\b\d{5,}\b/g, removed],
]

/** May be a token or a key, unless it is a UUID or a name in lower case. */
const long = /[\w+/=-][\w+/=.-]{19,}/g
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

/** In quotation marks, only names of the code and of the schema are kept. */
const quoted =
  /(\b(?:constraint|column|relation|table|function|type|index|role|property|properties of|reading|module|package)\s+)?(["'`])((?:(?!\2)[^\\]|\\.)*)\2/g

/**
 * Removes from a message what may be personal or secret: texts that the user sent, values in quotation marks, addresses, tokens, codes,
 * queries and passwords of URLs.
 */
export function scrub(message: string, given: readonly unknown[] = []): string {
  let text = message.slice(0, maxSearchedLength)
  for (const secret of textsOf(given)) text = text.replaceAll(secret, removed)
  text = text.replace(quoted, (all, before: string | undefined, mark: string) =>
    before ? all : `${mark}${removed}${mark}`,
  )
  for (const [pattern, instead] of patterns) text = text.replace(pattern, instead)
  text = text.replace(long, (word) => (uuid.test(word) || !/[\dA-Z]/.test(word) ? word : removed))
  // At last, so that no half of a secret remains.
  return text.slice(0, maxMessageLength)
}

/** Lists all texts in what a user sent, the longest first. */
function textsOf(given: readonly unknown[]): string[] {
  const found = new Set<string>()
  const add = (text: string) => {
    if (text.length >= minLength) found.add(text)
  }
  const visit = (value: unknown, depth: number): void => {
    if (found.size >= maxTexts || depth > maxDepth) return
    if (typeof value === 'string') {
      add(value)
      // Headers have several values in one text, and messages may quote one of them.
      for (const part of value.split(/[\s;,=]+/)) if (part.length > minLength) add(part)
    } else if (typeof value === 'number' || typeof value === 'bigint') add(String(value))
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (!Array.isArray(value) && depth > 0) add(key)
        visit(inner, depth + 1)
      }
    }
  }
  for (const value of given) visit(value, 0)
  return [...found].sort((a, b) => b.length - a.length)
}
