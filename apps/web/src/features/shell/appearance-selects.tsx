import { setTheme, type Theme, themes, useTheme } from '../../lib/theme.ts'
import { m } from '../../paraglide/messages.js'
import { getLocale, type Locale, locales, setLocale } from '../../paraglide/runtime.js'
import { namesOfLanguages, themeLabels } from './appearance.ts'

const look =
  'min-h-9 touch:min-h-11 rounded-md bg-transparent px-1.5 text-sm font-medium text-ink-2 hover:bg-raised hover:text-ink [&>option]:bg-surface [&>option]:text-ink'

/** Chooses theme and language by the browser's own lists, which need no code in the pages for visitors. */
export function AppearanceSelects() {
  const theme = useTheme()
  return (
    <div className="flex items-center gap-1">
      <select
        aria-label={m.shell_theme()}
        value={theme}
        onChange={({ target }) => setTheme(target.value as Theme)}
        className={look}
      >
        {themes.map((value) => (
          <option key={value} value={value}>
            {themeLabels[value]()}
          </option>
        ))}
      </select>
      <select
        aria-label={m.shell_language()}
        value={getLocale()}
        // Loads the page anew, so that dates, numbers and the direction follow too.
        onChange={({ target }) => void setLocale(target.value as Locale)}
        className={look}
      >
        {locales.map((locale) => (
          <option key={locale} value={locale} lang={locale}>
            {namesOfLanguages[locale]}
          </option>
        ))}
      </select>
    </div>
  )
}
