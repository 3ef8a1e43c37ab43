import { join } from 'node:path'
import type { CompilerOptions } from '@inlang/paraglide-js'

/** How the texts of both languages become functions; the person's choice stays in their browser. */
export const paraglide: CompilerOptions = {
  project: join(import.meta.dirname, 'project.inlang'),
  outdir: join(import.meta.dirname, 'src/paraglide'),
  strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
  localStorageKey: 'muster-language',
}
