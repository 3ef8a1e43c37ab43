import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'
import { cx } from './cx.ts'

export type TabsProps<T extends string> = {
  /** The name of the row of tabs for assistive technology. */
  label: string
  tabs: readonly { value: T; label: ReactNode; panel?: ReactNode }[]
  value: T
  onChange: (value: T) => void
  className?: string | undefined
}

/** Several views of which one is seen. Arrow keys move between the tabs. */
export function Tabs<T extends string>({ label, tabs, value, onChange, className }: TabsProps<T>) {
  return (
    <Base.Root value={value} onValueChange={(next) => next !== null && onChange(next as T)} className={className}>
      <Base.List
        aria-label={label}
        className="relative -mx-1 flex scroll-sideways gap-1 px-1 [--ground:var(--color-canvas)] shadow-[inset_0_-1px_0_var(--color-line)]"
      >
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className={cx(
              'flex min-h-11 items-center gap-2 rounded-t-sm border-b-2 border-transparent px-3 font-medium whitespace-nowrap text-ink-2',
              'hover:text-ink focus-visible:-outline-offset-2 data-active:border-accent data-active:text-accent',
            )}
          >
            {tab.label}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="pt-5 outline-offset-4">
          {tab.panel}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
