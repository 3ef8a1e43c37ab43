import { getLocale } from '../paraglide/runtime.js'

/**
 * Returns the language of the page as the browser has it, such as `en-GB`. The country decides how dates and numbers are written, and with which day
 * weeks begin.
 */
export function regionalLanguage(): string {
  const language = getLocale()
  return navigator.languages.find((own) => own.split('-')[0] === language) ?? language
}

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
