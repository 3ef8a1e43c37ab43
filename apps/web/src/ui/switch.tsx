import type { ComponentProps, ReactNode } from 'react'
import { cx } from './cx.ts'

export type SwitchProps = Omit<ComponentProps<'input'>, 'type' | 'role' | 'size'> & {
  label: ReactNode
  hint?: ReactNode
  isLabelHidden?: boolean | undefined
}

/** A setting that is on or off and takes effect at once, with its label before it. */
export function Switch({ label, hint, isLabelHidden, className, ...props }: SwitchProps) {
  return (
    <label className={cx('flex items-center justify-between gap-4 touch:min-h-11', className)}>
      <span className={isLabelHidden ? 'sr-only' : ''}>
        <span className="text-[0.9375rem]">{label}</span>
        {hint !== undefined && <span className="block text-sm text-ink-3">{hint}</span>}
      </span>
      <span className="relative inline-flex shrink-0">
        <input
          type="checkbox"
          // biome-ignore lint/a11y/useAriaPropsForRole: a checkbox of HTML tells by itself whether it is on (HTML-AAM)
          role="switch"
          {...props}
          className="peer h-6 w-10 appearance-none rounded-full border border-control bg-raised checked:border-accent checked:bg-accent disabled:opacity-55 motion-safe:transition-colors"
        />
        <span
          aria-hidden="true"
          className="pointer-events-none absolute start-1 top-1 size-4 rounded-full bg-ink-3 peer-checked:translate-x-4 peer-checked:bg-accent-ink rtl:peer-checked:-translate-x-4 motion-safe:transition-transform"
        />
      </span>
    </label>
  )
}
