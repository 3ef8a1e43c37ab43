import { Select as Base } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from './cx.ts'
import { useFieldProps } from './field.tsx'

export type SelectItem<T extends string> = { value: T; label: string; icon?: ReactNode; isDisabled?: boolean }

export type SelectProps<T extends string> = {
  /** The name for assistive technology, where no `Field` gives one. */
  label?: string | undefined
  items: readonly SelectItem<T>[]
  value: T | null
  onChange: (value: T) => void
  placeholder?: string | undefined
  isDisabled?: boolean | undefined
  size?: 'sm' | 'md' | undefined
  className?: string | undefined
}

/** One choice of a list that opens. Letters jump to an item. */
export function Select<T extends string>(props: SelectProps<T>) {
  const { label, items, value, onChange, placeholder, isDisabled, size = 'md', className } = props
  return (
    <Base.Root
      items={items}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      disabled={isDisabled}
      modal={false}
    >
      <Base.Trigger
        {...useFieldProps()}
        aria-label={label}
        className={cx(
          'control flex items-center justify-between gap-2 text-start',
          size === 'sm' && 'min-h-9 w-auto py-1 text-[0.9375rem] touch:min-h-11',
          className,
        )}
      >
        <Base.Value className="min-w-0 flex-1 truncate data-placeholder:text-ink-3" placeholder={placeholder} />
        <Base.Icon className="text-ink-3">
          <ChevronsUpDown aria-hidden="true" className="size-4" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner alignItemWithTrigger={false} sideOffset={6} collisionPadding={8} className="z-50 outline-none">
          <Base.Popup className="popup max-h-[min(var(--available-height),22rem)] min-w-(--anchor-width) overflow-y-auto p-1.5">
            <Base.List>
              {items.map((item) => (
                <Base.Item
                  key={item.value}
                  value={item.value}
                  disabled={item.isDisabled}
                  className="flex min-h-9 cursor-default items-center gap-2.5 rounded-sm px-2.5 text-[0.9375rem] outline-none select-none touch:min-h-11 data-highlighted:bg-raised data-disabled:opacity-55"
                >
                  {item.icon}
                  <Base.ItemText className="min-w-0 flex-1">{item.label}</Base.ItemText>
                  <span className="size-4">
                    <Base.ItemIndicator>
                      <Check aria-hidden="true" className="size-4 text-accent" />
                    </Base.ItemIndicator>
                  </span>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
