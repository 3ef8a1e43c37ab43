import { type KeyboardEvent, useState } from 'react'
import { cx } from './cx.ts'
import { useFieldProps } from './field.tsx'
import { onDemand } from './on-demand.ts'
import { type SelectProps, selectClass, selectIcon } from './select-look.tsx'

export type { SelectItem, SelectProps } from './select-look.tsx'

const selectView = onDemand<SelectProps<string> & { isOpenAtFirst: boolean }>(() => import('./select-view.tsx'))

/** One choice of a list that opens. Letters jump to an item. */
export function Select<T extends string>(props: SelectProps<T>) {
  const { label, items, value, placeholder, isDisabled } = props
  const [View, load] = selectView.use()
  const [isOpenAtFirst, setIsOpenAtFirst] = useState(false)
  const field = useFieldProps()
  // The view gives back one of the values of the items.
  if (View) return <View {...(props as unknown as SelectProps<string>)} isOpenAtFirst={isOpenAtFirst} />
  const chosen = items.find((item) => item.value === value)
  const open = () => {
    setIsOpenAtFirst(true)
    return load()
  }
  return (
    <button
      type="button"
      role="combobox"
      aria-haspopup="listbox"
      aria-expanded={false}
      aria-label={label}
      disabled={isDisabled}
      {...field}
      onClick={open}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
        event.preventDefault()
        void open()
      }}
      className={selectClass(props)}
    >
      <span className={cx('min-w-0 flex-1 truncate', !chosen && 'text-ink-3')}>{chosen?.label ?? placeholder}</span>
      <span aria-hidden="true" className="text-ink-3">
        {selectIcon}
      </span>
    </button>
  )
}
