// Follows the theme of the system also on pages that have no choice of theme.
import './lib/theme.ts'
import './lib/zod.ts'
import './styles.css'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode, startTransition } from 'react'
import { createRoot } from 'react-dom/client'
import { noteSessions } from './lib/session.ts'
import { reloadOnStaleChunk } from './lib/stale-chunk.ts'
import { getLocale, getTextDirection, overwriteGetLocale } from './paraglide/runtime.js'
import { routeTree } from './route-tree.gen.ts'

const router = createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

reloadOnStaleChunk()
noteSessions()
// Every text asks for the language, and another one loads the page anew: read once, where the library reads the storage each time.
const locale = getLocale()
overwriteGetLocale(() => locale)
document.documentElement.lang = locale
document.documentElement.dir = getTextDirection()

// The frame of the first paint stays until the page is there. No top-level await: parts of the pages import from this file.
void router.load().finally(() =>
  // In short steps, between which the page answers.
  startTransition(() =>
    createRoot(document.getElementById('root') as HTMLElement).render(
      <StrictMode>
        <CSPProvider disableStyleElements>
          <RouterProvider router={router} />
        </CSPProvider>
      </StrictMode>,
    ),
  ),
)
