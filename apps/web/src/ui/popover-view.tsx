import { Popover as Base } from '@base-ui/react/popover'
import type { ReactElement, ReactNode } from 'react'
import { cx } from './cx.ts'

export type PopoverProps = {
  trigger: ReactElement<Record<string, unknown>>
  /** The name of the area for assistive technology. */
  label: string
  children: ReactNode
  open?: boolean | undefined
  onOpenChange?: ((open: boolean) => void) | undefined
  side?: 'top' | 'bottom' | 'inline-start' | 'inline-end' | undefined
  align?: 'start' | 'center' | 'end' | undefined
  className?: string | undefined
}

/** What `Popover` loads when somebody opens one. */
export default function PopoverView({ isOpenAtFirst, ...props }: PopoverProps & { isOpenAtFirst: boolean }) {
  const { trigger, label, children, open, onOpenChange, side = 'bottom', align = 'start', className } = props
  return (
    <Base.Root open={open} defaultOpen={isOpenAtFirst} onOpenChange={onOpenChange}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={6} collisionPadding={8} className="z-50">
          <Base.Popup
            aria-label={label}
            className={cx('popup max-h-(--available-height) max-w-[calc(100vw-1rem)] overflow-y-auto p-4', className)}
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
