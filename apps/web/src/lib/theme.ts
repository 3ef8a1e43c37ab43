import { useSyncExternalStore } from 'react'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

// public/first-paint.js reads the same key before the first paint.
const key = 'muster-theme'
const darkSystem = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()
let chosen = stored()

function stored(): Theme {
  try {
    const theme = localStorage.getItem(key)
    return theme === 'light' || theme === 'dark' ? theme : 'system'
  } catch {
    return 'system'
  }
}

function apply(): void {
  const isDark = chosen === 'dark' || (chosen === 'system' && darkSystem.matches)
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light'
  for (const listener of listeners) listener()
}

darkSystem.addEventListener('change', apply)
addEventListener('storage', (event) => {
  if (event.key !== key) return
  chosen = stored()
  apply()
})

/** Chooses the theme for this browser, in all tabs. */
export function setTheme(theme: Theme): void {
  chosen = theme
  try {
    if (theme === 'system') localStorage.removeItem(key)
    else localStorage.setItem(key, theme)
  } catch {
    // The choice holds for this page alone.
  }
  apply()
}

/** Returns the chosen theme. */
export const useTheme = (): Theme =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    () => chosen,
  )
