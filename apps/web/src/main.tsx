// Follows the theme of the system also on pages that have no choice of theme.
import './lib/theme.ts'
import './lib/zod.ts'
import './styles.css'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { reloadOnStaleChunk } from './lib/stale-chunk.ts'
import { getLocale, getTextDirection } from './paraglide/runtime.js'
import { routeTree } from './route-tree.gen.ts'

const router = createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

reloadOnStaleChunk()
document.documentElement.lang = getLocale()
document.documentElement.dir = getTextDirection()

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <RouterProvider router={router} />
    </CSPProvider>
  </StrictMode>,
)
