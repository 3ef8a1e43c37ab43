import { lazy, Suspense, useState } from 'react'
import type { DialogProps } from './dialog-view.tsx'
import { alsoOnDemand } from './on-demand.ts'

export type { DialogProps } from './dialog-view.tsx'

const DialogView = lazy(alsoOnDemand(() => import('./dialog-view.tsx')))

/** A window above the page; on small screens it rises from the lower edge. Escape closes it, and the focus returns. */
export function Dialog(props: DialogProps) {
  const [wasOpen, setWasOpen] = useState(props.open)
  if (props.open && !wasOpen) setWasOpen(true)
  if (!wasOpen) return null
  return (
    <Suspense>
      <DialogView {...props} />
    </Suspense>
  )
}
