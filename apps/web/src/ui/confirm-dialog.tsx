import { useRef } from 'react'
import { m } from '../paraglide/messages.js'
import { Button } from './button.tsx'
import type { ConfirmOptions } from './confirm.tsx'
import { Dialog } from './dialog.tsx'

type Props = ConfirmOptions & { onAnswer: (isConfirmed: boolean) => void }

/** The dialog of `useConfirm`. The focus is on the button that changes nothing. */
export default function ConfirmDialog({ title, text, confirmLabel, cancelLabel, isDanger, onAnswer }: Props) {
  const cancelRef = useRef<HTMLButtonElement>(null)
  return (
    <Dialog
      isAlert
      open
      size="sm"
      title={title}
      description={text}
      initialFocus={cancelRef}
      onOpenChange={(isOpen) => !isOpen && onAnswer(false)}
      footer={
        <>
          <Button ref={cancelRef} onClick={() => onAnswer(false)}>
            {cancelLabel ?? m.ui_cancel()}
          </Button>
          <Button variant={isDanger ? 'danger' : 'primary'} onClick={() => onAnswer(true)}>
            {confirmLabel}
          </Button>
        </>
      }
    />
  )
}
