import { join } from 'node:path'
import type { Plugin } from 'vite'

const original = 'new Intl.PluralRules(locale, options)'
const replacement = 'pluralRulesOf(options, locale)'

/** Keeps the rules of plurals that the texts use, where the library makes them anew for each text: a chart of a year has hundreds. */
export const pluralRules: Plugin = {
  name: 'muster:plural-rules',
  transform: {
    filter: { id: /paraglide\/registry\.js$/ },
    handler(code) {
      if (!code.includes(original))
        throw new Error('Paraglide makes plurals in another way than plural-rules.ts knows.')
      const from = JSON.stringify(join(import.meta.dirname, 'src/lib/formats.ts'))
      return `import { formatsOf } from ${from}
const pluralRulesOf = formatsOf((locale, options) => new Intl.PluralRules(locale, options))
${code.replace(original, replacement)}`
    },
  },
}
