import { Select as Base } from '@base-ui/react/select'
import { Check } from 'lucide-react'
import { useFieldProps } from './field.tsx'
import { type SelectProps, selectClass, selectIcon } from './select-look.tsx'

/** What `Select` loads when somebody opens one. */
export default function SelectView({ isOpenAtFirst, ...props }: SelectProps<string> & { isOpenAtFirst: boolean }) {
  const { label, items, value, onChange, placeholder, isDisabled } = props
  return (
    <Base.Root
      items={items}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      disabled={isDisabled}
      modal={false}
      defaultOpen={isOpenAtFirst}
    >
      <Base.Trigger {...useFieldProps()} aria-label={label} className={selectClass(props)}>
        <Base.Value className="min-w-0 flex-1 truncate data-placeholder:text-ink-3" placeholder={placeholder} />
        <Base.Icon className="text-ink-3">{selectIcon}</Base.Icon>
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
