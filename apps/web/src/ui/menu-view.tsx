import { Menu as Base } from '@base-ui/react/menu'
import { Link } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { cx } from './cx.ts'

export type MenuItem = {
  label: string
  icon?: ReactNode
  onSelect?: (() => void) | undefined
  /** A page of this app, instead of `onSelect`. */
  href?: string | undefined
  isDanger?: boolean | undefined
  isDisabled?: boolean | undefined
  /** Given for one of several choices: it has a check mark when true. */
  isSelected?: boolean | undefined
  hint?: string | undefined
}

/** Items between lines and, if it has one, under a title. */
export type MenuGroup = { title?: string | undefined; items: readonly MenuItem[] }

export type MenuProps = {
  /** The button that opens the menu. */
  trigger: ReactElement<Record<string, unknown>>
  items: readonly (MenuItem | MenuGroup)[]
  side?: 'top' | 'bottom' | 'inline-start' | 'inline-end' | undefined
  align?: 'start' | 'center' | 'end' | undefined
  /** Stands above the items, such as who is signed in. */
  header?: ReactNode
}

const itemClass = (item: MenuItem) =>
  cx(
    'flex min-h-9 touch:min-h-11 cursor-default items-center gap-2.5 rounded-sm px-2.5 text-[0.9375rem] outline-none select-none',
    'data-highlighted:bg-raised data-disabled:opacity-55 [&_svg]:size-[1.1rem] [&_svg]:shrink-0',
    item.isDanger ? 'text-danger data-highlighted:bg-danger-soft' : 'text-ink [&_svg]:text-ink-3',
  )

function Entry({ item }: { item: MenuItem }) {
  const content = (
    <>
      {item.icon}
      <span className="min-w-0 flex-1 truncate">{item.label}</span>
      {item.hint !== undefined && <span className="text-sm text-ink-3">{item.hint}</span>}
      {item.isSelected && <Check aria-hidden="true" />}
    </>
  )
  if (item.href !== undefined)
    return (
      <Base.LinkItem closeOnClick render={<Link to={item.href} />} className={itemClass(item)}>
        {content}
      </Base.LinkItem>
    )
  if (item.isSelected !== undefined)
    return (
      <Base.CheckboxItem
        closeOnClick
        checked={item.isSelected}
        disabled={item.isDisabled}
        onCheckedChange={() => item.onSelect?.()}
        className={itemClass(item)}
      >
        {content}
      </Base.CheckboxItem>
    )
  return (
    <Base.Item disabled={item.isDisabled} onClick={() => item.onSelect?.()} className={itemClass(item)}>
      {content}
    </Base.Item>
  )
}

type Props = MenuProps & { isOpenAtFirst: boolean }

/** What `Menu` loads when somebody opens one. */
export default function MenuView({ trigger, items, side = 'bottom', align = 'end', header, isOpenAtFirst }: Props) {
  return (
    <Base.Root defaultOpen={isOpenAtFirst}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={6} collisionPadding={8} className="z-50 outline-none">
          <Base.Popup className="popup max-h-(--available-height) min-w-52 max-w-[min(22rem,calc(100vw-1rem))] overflow-y-auto p-1.5">
            {header !== undefined && <div className="px-2.5 py-2">{header}</div>}
            {items.map((item, index) =>
              'items' in item ? (
                <div key={item.title ?? item.items[0]?.label}>
                  {(index > 0 || header !== undefined) && <Base.Separator className="mx-1 my-1.5 h-px bg-line" />}
                  <Base.Group>
                    {item.title !== undefined && (
                      <Base.GroupLabel className="px-2.5 py-1.5 text-sm font-medium text-ink-3">
                        {item.title}
                      </Base.GroupLabel>
                    )}
                    {item.items.map((entry) => (
                      <Entry key={entry.label} item={entry} />
                    ))}
                  </Base.Group>
                </div>
              ) : (
                <Entry key={item.label} item={item} />
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
