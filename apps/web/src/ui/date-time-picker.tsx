import { CalendarDays, ChevronLeft, ChevronRight, X } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { addDays, type Day, formatDay, formatInstant } from '../lib/dates.ts'
import { startOfWeek } from '../lib/weeks.ts'
import { m } from '../paraglide/messages.js'
import { Button, IconButton } from './button.tsx'
import { cx } from './cx.ts'
import { useFieldProps } from './field.tsx'
import { Popover } from './popover.tsx'

/** A day with a time of the clock on the wall, `2026-11-20T09:30`, in whichever zone the page means. */
export type WallTime = string

const utcOf = (day: Day) => new Date(`${day}T00:00:00Z`)
const dayOf = (date: Date): Day => date.toISOString().slice(0, 10)

/** Moves by months, and to the last day of a month that is too short. */
function addMonths(day: Day, count: number): Day {
  const date = utcOf(day)
  const dayOfMonth = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + count)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(dayOfMonth, last))
  return dayOf(date)
}

function weeksOf(month: Day): Day[][] {
  const start = startOfWeek(`${month.slice(0, 8)}01`)
  return Array.from({ length: 6 }, (_, week) => Array.from({ length: 7 }, (_, day) => addDays(start, week * 7 + day)))
}

export type CalendarProps = {
  value: Day | null
  onChange: (day: Day) => void
  /** Today where the person is. */
  today: Day
  min?: Day | undefined
  max?: Day | undefined
}

/** A month to choose a day from: arrow keys move by days and weeks, Page Up and Page Down by months. */
export function Calendar({ value, onChange, today, min, max }: CalendarProps) {
  const [focused, setFocused] = useState<Day>(value ?? today)
  const gridRef = useRef<HTMLTableElement>(null)
  const movesFocus = useRef(false)
  const weeks = weeksOf(focused)
  const isOutside = (day: Day) => (min !== undefined && day < min) || (max !== undefined && day > max)

  useEffect(() => {
    if (!movesFocus.current) return
    movesFocus.current = false
    gridRef.current?.querySelector<HTMLElement>(`[data-day="${focused}"]`)?.focus()
  }, [focused])

  function onKeyDown(event: KeyboardEvent) {
    const isRightToLeft = getComputedStyle(event.currentTarget).direction === 'rtl'
    const side = isRightToLeft ? -1 : 1
    const moves: Record<string, () => Day> = {
      ArrowLeft: () => addDays(focused, -side),
      ArrowRight: () => addDays(focused, side),
      ArrowUp: () => addDays(focused, -7),
      ArrowDown: () => addDays(focused, 7),
      PageUp: () => addMonths(focused, event.shiftKey ? -12 : -1),
      PageDown: () => addMonths(focused, event.shiftKey ? 12 : 1),
      Home: () => weeks.find((week) => week.includes(focused))?.[0] ?? focused,
      End: () => weeks.find((week) => week.includes(focused))?.[6] ?? focused,
    }
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    movesFocus.current = true
    setFocused(move())
  }

  return (
    <div className="w-[19.25rem] max-w-full">
      <div className="mb-2 flex items-center justify-between">
        <IconButton
          size="sm"
          hasTooltip={false}
          label={m.ui_previous_month()}
          icon={<ChevronLeft aria-hidden="true" className="rtl:-scale-x-100" />}
          onClick={() => setFocused(addMonths(focused, -1))}
        />
        <p aria-live="polite" className="font-semibold">
          {formatDay(focused, { month: 'long', year: 'numeric' })}
        </p>
        <IconButton
          size="sm"
          hasTooltip={false}
          label={m.ui_next_month()}
          icon={<ChevronRight aria-hidden="true" className="rtl:-scale-x-100" />}
          onClick={() => setFocused(addMonths(focused, 1))}
        />
      </div>
      <table ref={gridRef} className="w-full table-fixed" onKeyDown={onKeyDown}>
        <thead>
          <tr>
            {weeks[0]?.map((day) => (
              <th key={day} scope="col" className="pb-1 text-xs font-medium text-ink-3">
                <abbr title={formatDay(day, { weekday: 'long' })} className="no-underline">
                  {formatDay(day, { weekday: 'narrow' })}
                </abbr>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => (
                <td key={day} className="p-0 text-center">
                  <button
                    type="button"
                    data-day={day}
                    tabIndex={day === focused ? 0 : -1}
                    disabled={isOutside(day)}
                    aria-label={formatDay(day, { dateStyle: 'full' })}
                    aria-current={day === today ? 'date' : undefined}
                    aria-pressed={day === value}
                    onClick={() => {
                      setFocused(day)
                      onChange(day)
                    }}
                    className={cx(
                      'mx-auto grid aspect-square w-full max-w-10 place-items-center rounded-full text-[0.9375rem] tabular-nums touch:max-w-11',
                      'hover:bg-raised disabled:opacity-40',
                      day.slice(0, 7) !== focused.slice(0, 7) && 'text-ink-3',
                      day === today && day !== value && 'font-semibold text-accent ring-1 ring-accent ring-inset',
                      day === value && 'bg-accent font-semibold text-accent-ink hover:bg-accent-strong',
                    )}
                  >
                    {formatDay(day, { day: 'numeric' })}
                  </button>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

type PickerProps<T> = {
  value: T | null
  onChange: (value: T | null) => void
  today: Day
  min?: Day | undefined
  max?: Day | undefined
  placeholder?: string | undefined
  /** The name for assistive technology, where no `Field` gives one. */
  label?: string | undefined
  isClearable?: boolean | undefined
  size?: 'sm' | undefined
}

type ShellProps = {
  text: string | null
  label: string | undefined
  placeholder: string | undefined
  onClear: (() => void) | undefined
  size: 'sm' | undefined
  children: (close: () => void) => React.ReactNode
}

function PickerShell({ text, label, placeholder, onClear, size, children }: ShellProps) {
  const [isOpen, setIsOpen] = useState(false)
  const trigger = (
    <button
      type="button"
      {...useFieldProps()}
      aria-label={label === undefined ? undefined : [label, text].filter(Boolean).join(': ')}
      className={cx(
        'control flex items-center gap-2 text-start',
        size && 'min-h-9 py-1 text-[0.9375rem] touch:min-h-11',
        onClear && 'pe-10 touch:pe-11',
      )}
    >
      <CalendarDays aria-hidden="true" className="size-[1.15rem] shrink-0 text-ink-3" />
      <span className={cx('min-w-0 flex-1 truncate', text === null && 'text-ink-3')}>
        {text ?? placeholder ?? m.ui_pick_date()}
      </span>
    </button>
  )
  return (
    <span className="relative block">
      <Popover trigger={trigger} label={label ?? m.ui_pick_date()} open={isOpen} onOpenChange={setIsOpen}>
        {children(() => setIsOpen(false))}
      </Popover>
      {onClear && (
        <span className="absolute inset-y-0 end-1.5 flex items-center touch:end-0">
          <IconButton
            size="sm"
            hasTooltip={false}
            label={m.ui_clear()}
            icon={<X aria-hidden="true" />}
            onClick={onClear}
          />
        </span>
      )}
    </span>
  )
}

/** A field for a day. */
export function DatePicker(props: PickerProps<Day>) {
  const { value, onChange, today, min, max, placeholder, label, isClearable, size } = props
  return (
    <PickerShell
      {...{ label, placeholder, size }}
      text={value === null ? null : formatDay(value, { dateStyle: 'medium' })}
      onClear={isClearable && value !== null ? () => onChange(null) : undefined}
    >
      {(close) => (
        <Calendar
          {...{ value, today, min, max }}
          onChange={(day) => {
            onChange(day)
            close()
          }}
        />
      )}
    </PickerShell>
  )
}

/** A field for a day and a time of the clock. A new day begins at `defaultTime`; a time without a day is one of today. */
export function DateTimePicker(props: PickerProps<WallTime> & { defaultTime?: string | undefined }) {
  const { value, onChange, today, min, max, placeholder, label, isClearable, size, defaultTime = '09:00' } = props
  const [day = null, time = defaultTime] = value?.split('T') ?? []
  return (
    <PickerShell
      {...{ label, placeholder, size }}
      text={
        value === null
          ? null
          : formatInstant(`${value}:00Z`, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
      }
      onClear={isClearable && value !== null ? () => onChange(null) : undefined}
    >
      {(close) => (
        <>
          <Calendar {...{ value: day, today, min, max }} onChange={(next) => onChange(`${next}T${time}`)} />
          <div className="mt-3 flex items-center gap-2 border-t border-line pt-3">
            <label className="flex flex-1 items-center gap-2 text-[0.9375rem]">
              {m.ui_time()}
              <input
                type="time"
                value={time}
                onChange={({ target }) => target.value && onChange(`${day ?? today}T${target.value}`)}
                className="control min-h-10 w-auto flex-1 py-1"
              />
            </label>
            <Button variant="primary" onClick={close}>
              {m.ui_done()}
            </Button>
          </div>
        </>
      )}
    </PickerShell>
  )
}
