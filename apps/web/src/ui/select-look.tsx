import { ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from './cx.ts'

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

/** Returns the classes of the button of a select. */
export const selectClass = ({ size, className }: Pick<SelectProps<string>, 'size' | 'className'>): string =>
  cx(
    'control flex items-center justify-between gap-2 text-start',
    size === 'sm' && 'min-h-9 w-auto py-1 text-[0.9375rem] touch:min-h-11',
    className,
  )

export const selectIcon = <ChevronsUpDown aria-hidden="true" className="size-4" />
