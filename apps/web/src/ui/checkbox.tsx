import { Check } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { cx } from './cx.ts'

export type CheckboxProps = Omit<ComponentProps<'input'>, 'type' | 'size'> & {
  label: ReactNode
  hint?: ReactNode
  isLabelHidden?: boolean | undefined
}

/** A checkbox with its label. */
export function Checkbox({ label, hint, isLabelHidden, className, ...props }: CheckboxProps) {
  return (
    <label
      className={cx('inline-flex items-start gap-2.5 text-[0.9375rem] touch:min-h-11 touch:items-center', className)}
    >
      <span className="relative mt-0.5 grid size-5 shrink-0 place-items-center touch:mt-0">
        <input
          type="checkbox"
          {...props}
          className="peer size-5 appearance-none rounded-sm border border-control bg-surface checked:border-accent checked:bg-accent disabled:opacity-55"
        />
        <Check
          aria-hidden="true"
          strokeWidth={3}
          className="pointer-events-none absolute size-3.5 text-accent-ink opacity-0 peer-checked:opacity-100"
        />
      </span>
      <span className={isLabelHidden ? 'sr-only' : ''}>
        {label}
        {hint !== undefined && <span className="block text-sm text-ink-3">{hint}</span>}
      </span>
    </label>
  )
}
