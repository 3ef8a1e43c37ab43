import type { CompilerOptions } from '@inlang/paraglide-js'

/** How the texts of both languages become functions; the person's choice stays in their browser. */
export const paraglide: CompilerOptions = {
  project: './project.inlang',
  outdir: './src/paraglide',
  strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
  localStorageKey: 'muster-language',
}
