import { regionalLanguage } from './regional-language.ts'

/** Lets the browser load its lists of languages in a task of their own. At the first format it takes 15 ms for that, 60 ms on a slow processor. */
export const loadFormats = (): void => void setTimeout(() => new Intl.DateTimeFormat())

/** Keeps the formats that `make` returns, each of which is made once: making one costs a hundred times as much as using it. */
export function formatsOf<Options, Format>(
  make: (locale: string, options: Options) => Format,
): (options: Options, locale?: string) => Format {
  const formats = new Map<string, Format>()
  return (options, locale = regionalLanguage()) => {
    const key = `${locale} ${JSON.stringify(options)}`
    const known = formats.get(key)
    if (known) return known
    const made = make(locale, options)
    formats.set(key, made)
    return made
  }
}
