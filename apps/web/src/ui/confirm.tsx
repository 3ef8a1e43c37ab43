import { lazy, type ReactNode, Suspense, useSyncExternalStore } from 'react'
import { alsoOnDemand } from './on-demand.ts'

export type ConfirmOptions = {
  title: string
  text?: ReactNode
  /** What the button that goes on says: the verb of the action. */
  confirmLabel: string
  cancelLabel?: string | undefined
  isDanger?: boolean | undefined
}

type Question = ConfirmOptions & { answer: (isConfirmed: boolean) => void }

let question: Question | null = null
const listeners = new Set<() => void>()

function show(next: Question | null): void {
  question = next
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Asks in a dialog. A question that is still open is answered with no. @returns whether the person went on */
const confirm = (options: ConfirmOptions): Promise<boolean> =>
  new Promise((resolve) => {
    question?.answer(false)
    show({ ...options, answer: resolve })
  })

/** Returns the function that asks before something that cannot be taken back. */
export const useConfirm = () => confirm

const ConfirmDialog = lazy(alsoOnDemand(() => import('./confirm-dialog.tsx')))

/** Shows the questions of `useConfirm`; it stands once in the page. */
export function ConfirmHost() {
  const current = useSyncExternalStore(subscribe, () => question)
  if (!current) return null
  const { answer, ...options } = current
  return (
    <Suspense>
      <ConfirmDialog
        {...options}
        onAnswer={(isConfirmed) => {
          show(null)
          answer(isConfirmed)
        }}
      />
    </Suspense>
  )
}
