import { Languages, Monitor, Moon, Sun } from 'lucide-react'
import { setTheme, themes, useTheme } from '../../lib/theme.ts'
import { m } from '../../paraglide/messages.js'
import { getLocale, locales, setLocale } from '../../paraglide/runtime.js'
import type { MenuGroup } from '../../ui/menu.tsx'
import { namesOfLanguages, themeLabels } from './appearance.ts'

const themeIcons = { system: Monitor, light: Sun, dark: Moon }

/** Returns the groups of a menu that choose the theme and the language of this browser. */
export function useAppearanceItems(): MenuGroup[] {
  const theme = useTheme()
  return [
    {
      title: m.shell_theme(),
      items: themes.map((value) => {
        const Icon = themeIcons[value]
        return {
          label: themeLabels[value](),
          icon: <Icon aria-hidden="true" />,
          isSelected: theme === value,
          onSelect: () => setTheme(value),
        }
      }),
    },
    {
      title: m.shell_language(),
      items: locales.map((locale) => ({
        label: namesOfLanguages[locale],
        icon: <Languages aria-hidden="true" />,
        isSelected: getLocale() === locale,
        // Loads the page anew, so that dates, numbers and the direction follow too.
        onSelect: () => void setLocale(locale),
      })),
    },
  ]
}
