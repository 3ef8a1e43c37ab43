/** The secrets that a system used and that must not appear in a log. */
export type UsedSecrets = {
  add(kind: string, value: string): void
  count(): number
  /** Returns the kinds of secrets that the text contains, never their values. */
  findIn(text: string): string[]
}

/** Starts with no secrets. */
export function trackSecrets(): UsedSecrets {
  const kindOf = new Map<string, string>()
  return {
    add: (kind, value) => void kindOf.set(value, kind),
    count: () => kindOf.size,
    findIn(text) {
      const found = [...kindOf].filter(([value]) => contains(text, value)).map(([, kind]) => kind)
      return [...new Set(found)]
    },
  }
}

/** Searches the text for the value. Six digits inside a longer number are not a code. */
const contains = (text: string, value: string) =>
  /^\d{6}$/.test(value) ? new RegExp(`(?<![\\w.-])${value}(?![\\w-])`).test(text) : text.includes(value)
