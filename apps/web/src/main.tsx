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

const createPages = () => createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPages>
  }
}

reloadOnStaleChunk()
noteSessions()
// Every text asks for the language, and another one loads the page anew: read once, where the library reads the storage each time.
const locale = getLocale()
overwriteGetLocale(() => locale)
document.documentElement.lang = locale
document.documentElement.dir = getTextDirection()

/** Ends a task: on a slow processor each of these steps takes long enough, and between them the page answers. */
const nextTask = () => new Promise((resolve) => setTimeout(resolve))

/** Opens the page. The frame of the first paint stays until the page is there. */
async function open(): Promise<void> {
  await nextTask()
  const router = createPages()
  await nextTask()
  await router.load().finally(() =>
    // In short steps too.
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
}

// No top-level await: parts of the pages import from this file.
void open()
