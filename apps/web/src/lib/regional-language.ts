import { getLocale } from '../paraglide/runtime.js'

/**
 * Returns the language of the page as the browser has it, such as `en-GB`. The country decides how dates and numbers are written, and with which day
 * weeks begin.
 */
export function regionalLanguage(): string {
  const language = getLocale()
  return navigator.languages.find((own) => own.split('-')[0] === language) ?? language
}
