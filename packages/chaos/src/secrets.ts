/** Everything that a run used and nobody may read in a log. */
export type Secrets = {
  add(kind: string, value: string): void
  count(): number
  /** Which kinds of secrets stand in the text; never the values themselves. */
  findIn(text: string): string[]
}

export function keepSecrets(): Secrets {
  const known = new Map<string, string>()
  return {
    add: (kind, value) => void known.set(value, kind),
    count: () => known.size,
    findIn(text) {
      const found = [...known].filter(([value]) => stands(value, text)).map(([, kind]) => kind)
      return [...new Set(found)]
    },
  }
}

/** A code of six digits is no part of a longer number. */
const stands = (value: string, text: string) =>
  /^\d{6}$/.test(value) ? new RegExp(`(?<![\\w.-])${value}(?![\\w-])`).test(text) : text.includes(value)
