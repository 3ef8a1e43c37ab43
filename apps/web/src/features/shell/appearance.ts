import type { Theme } from '../../lib/theme.ts'
import { m } from '../../paraglide/messages.js'
import type { Locale } from '../../paraglide/runtime.js'

export const themeLabels: Record<Theme, () => string> = {
  system: m.shell_theme_system,
  light: m.shell_theme_light,
  dark: m.shell_theme_dark,
}

/** The name of each language in itself. A browser knows them too, but takes 15 ms to load the names of all. */
export const namesOfLanguages: Record<Locale, string> = { en: 'English', hi: 'हिन्दी' }
