import { lazy, Suspense, useSyncExternalStore } from 'react'
import { alsoOnDemand } from './on-demand.ts'
import { hasToasts } from './toast-queue.ts'

export { type ToastKind, type ToastOptions, toast } from './toast-queue.ts'

const ToastViewport = lazy(alsoOnDemand(() => import('./toast-viewport.tsx')))

/** The place of the messages; it stands once in the page, and loads with the first message. */
export function Toaster() {
  const isLoaded = useSyncExternalStore(hasToasts.subscribe, hasToasts.getSnapshot)
  return (
    isLoaded && (
      <Suspense>
        <ToastViewport />
      </Suspense>
    )
  )
}
