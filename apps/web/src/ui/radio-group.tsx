import { type ReactNode, useId } from 'react'
import { cx } from './cx.ts'

export type RadioOption<T extends string> = {
  value: T
  label: ReactNode
  hint?: ReactNode
  icon?: ReactNode
  isDisabled?: boolean
}

export type RadioGroupProps<T extends string> = {
  label: string
  options: readonly RadioOption<T>[]
  value: T | null
  onChange: (value: T) => void
  isLabelHidden?: boolean | undefined
  /** `cards` shows each option as a box of its own, `segments` all as one bar. */
  look?: 'list' | 'cards' | 'segments' | undefined
  className?: string | undefined
}

const looks = {
  list: { group: 'flex flex-col gap-2', option: 'gap-2.5 touch:min-h-11' },
  cards: {
    group: 'grid gap-2.5',
    option:
      'gap-3 rounded-lg border border-line bg-surface p-4 has-checked:border-accent has-checked:bg-accent-soft hover:border-control',
  },
  segments: {
    group: 'inline-flex gap-1 rounded-md bg-raised p-1',
    option:
      'min-h-8 justify-center gap-1.5 rounded-sm px-3 text-sm text-ink-2 has-checked:bg-surface has-checked:text-ink has-checked:shadow-sm touch:min-h-11',
  },
}

/** One choice of several, by arrow keys as browsers do it. */
export function RadioGroup<T extends string>(props: RadioGroupProps<T>) {
  const { label, options, value, onChange, isLabelHidden, look = 'list', className } = props
  const name = useId()
  const isSegments = look === 'segments'
  return (
    <fieldset className={cx('min-w-0', className)}>
      <legend className={isLabelHidden ? 'sr-only' : 'mb-1.5 text-[0.9375rem] font-medium'}>{label}</legend>
      <div className={looks[look].group}>
        {options.map((option) => (
          <label
            key={option.value}
            className={cx(
              'flex items-center has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
              looks[look].option,
              option.hint !== undefined && look !== 'segments' && 'items-start',
            )}
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              disabled={option.isDisabled}
              onChange={() => onChange(option.value)}
              className={
                isSegments
                  ? 'sr-only'
                  : 'mt-0.5 size-5 shrink-0 appearance-none rounded-full border border-control bg-surface outline-none checked:border-[6px] checked:border-accent disabled:opacity-55'
              }
            />
            {option.icon !== undefined && (
              <span aria-hidden="true" className="text-ink-3 [&_svg]:size-[1.1rem]">
                {option.icon}
              </span>
            )}
            <span>
              {option.label}
              {option.hint !== undefined && <span className="block text-sm text-ink-3">{option.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
