import type { Theme } from '../../lib/theme.ts'
import { m } from '../../paraglide/messages.js'

export const themeLabels: Record<Theme, () => string> = {
  system: m.shell_theme_system,
  light: m.shell_theme_light,
  dark: m.shell_theme_dark,
}

/** Returns the name of a language in itself. */
export const nameOfLanguage = (locale: string): string =>
  new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale
