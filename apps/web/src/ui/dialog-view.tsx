import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, type RefObject, useRef } from 'react'
import { m } from '../paraglide/messages.js'
import { IconButton } from './button.tsx'
import { cx } from './cx.ts'

export type DialogProps = {
  title: ReactNode
  description?: ReactNode
  open: boolean
  onOpenChange: (open: boolean) => void
  children?: ReactNode
  /** Buttons, the main one last. */
  footer?: ReactNode
  size?: 'sm' | 'md' | 'lg' | 'xl' | undefined
  /** The control that gets the focus first; otherwise the first field, or the main button where there is none. */
  initialFocus?: RefObject<HTMLElement | null> | undefined
  /** Asks for an answer: a click beside it does not close it, and it is announced at once. */
  isAlert?: boolean | undefined
}

const widths = { sm: 'sm:max-w-sm', md: 'sm:max-w-lg', lg: 'sm:max-w-2xl', xl: 'sm:max-w-5xl' }

const fields =
  ':is(input:not([type=file], [type=radio]:not(:checked)), textarea, select, [role=combobox], [role=application]):not(:disabled, [tabindex="-1"], [aria-hidden=true])'

/** Returns where somebody goes on: the first field of a dialog, or its main button; null where it has neither. */
const firstControlOf = (dialog: HTMLElement | null): HTMLElement | null =>
  dialog?.querySelector<HTMLElement>(fields) ??
  dialog?.querySelector<HTMLElement>('footer > :is(a, button:not(:disabled)):last-child') ??
  null

/** What `Dialog` loads when one opens first. */
export default function DialogView(props: DialogProps) {
  const { title, description, open, onOpenChange, children, footer, size = 'md', initialFocus, isAlert } = props
  const popupRef = useRef<HTMLDivElement>(null)
  return (
    <Base.Root open={open} onOpenChange={onOpenChange} disablePointerDismissal={isAlert}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-scrim data-starting-style:opacity-0 data-ending-style:opacity-0 motion-safe:transition-opacity motion-safe:duration-150" />
        <Base.Popup
          // Undefined would take away the role that Base UI gives.
          {...(isAlert && { role: 'alertdialog' })}
          ref={popupRef}
          // An alert begins at the answer that changes nothing. A field would open the keyboard of a touch screen over the dialog.
          initialFocus={
            isAlert
              ? initialFocus
              : (initialFocus ?? ((how) => (how === 'touch' ? popupRef.current : firstControlOf(popupRef.current))))
          }
          className={cx(
            'fixed inset-x-0 bottom-0 z-40 mx-auto flex max-h-[92dvh] w-full flex-col rounded-t-2xl border border-line bg-surface shadow-lg outline-none',
            'sm:inset-y-0 sm:my-auto sm:h-fit sm:w-[calc(100%-3rem)] sm:rounded-xl',
            'motion-safe:transition-[opacity,translate,scale] motion-safe:duration-200 motion-safe:ease-out',
            'data-starting-style:translate-y-6 data-starting-style:opacity-0 data-ending-style:translate-y-6 data-ending-style:opacity-0',
            widths[size],
          )}
        >
          <header className="flex items-start justify-between gap-4 px-5 pt-5 sm:px-6 sm:pt-6">
            <div className="min-w-0">
              <Base.Title className="text-xl font-semibold tracking-tight">{title}</Base.Title>
              {description !== undefined && (
                <Base.Description className="mt-1.5 text-ink-2">{description}</Base.Description>
              )}
            </div>
            {!isAlert && (
              <Base.Close
                render={<IconButton label={m.ui_close()} icon={<X aria-hidden="true" />} hasTooltip={false} />}
                className="-me-2 -mt-2"
              />
            )}
          </header>
          {children !== undefined && (
            <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 pt-4 pb-1 sm:px-6">{children}</div>
          )}
          <footer className="flex flex-col-reverse gap-2.5 p-5 sm:flex-row sm:justify-end sm:p-6 sm:pt-5">
            {footer}
          </footer>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
