import { CircleAlert, Eye, EyeOff } from 'lucide-react'
import { type ComponentProps, createContext, type ReactNode, useContext, useId, useState } from 'react'
import { m } from '../paraglide/messages.js'
import { cx } from './cx.ts'

type FieldIds = { id: string; describedBy: string | undefined; isInvalid: boolean }
const FieldContext = createContext<FieldIds | null>(null)

/** Returns the attributes that tie a control to the `Field` around it: `id`, `aria-describedby` and `aria-invalid`. */
export function useFieldProps(): { id?: string; 'aria-describedby'?: string | undefined; 'aria-invalid'?: true } {
  const field = useContext(FieldContext)
  if (!field) return {}
  return { id: field.id, 'aria-describedby': field.describedBy, ...(field.isInvalid && { 'aria-invalid': true }) }
}

export type FieldProps = {
  label: string
  hint?: ReactNode
  /** Why the value is refused; it takes the place of the hint. */
  error?: string | undefined
  /** Stands at the end of the label's line, such as a link. */
  labelAction?: ReactNode
  isLabelHidden?: boolean | undefined
  className?: string | undefined
  children: ReactNode
}

/** A control with its label, a hint and an error. Controls of this kit find their id and description by themselves. */
export function Field({ label, hint, error, labelAction, isLabelHidden, className, children }: FieldProps) {
  const id = useId()
  const noteId = `${id}-note`
  const hasNote = Boolean(error || hint)
  return (
    <div className={cx('flex flex-col gap-1.5', className)}>
      <div className={isLabelHidden ? 'sr-only' : 'flex items-baseline justify-between gap-4'}>
        <label htmlFor={id} className="text-[0.9375rem] font-medium text-ink">
          {label}
        </label>
        {labelAction}
      </div>
      <FieldContext value={{ id, describedBy: hasNote ? noteId : undefined, isInvalid: Boolean(error) }}>
        {children}
      </FieldContext>
      {hasNote && (
        <div id={noteId} className={cx('text-sm', error ? 'text-danger' : 'text-ink-3')}>
          {error ? (
            <span className="flex gap-1.5">
              <CircleAlert aria-hidden="true" className="mt-[0.2em] size-4 shrink-0" />
              <span>{error}</span>
            </span>
          ) : (
            hint
          )}
        </div>
      )}
    </div>
  )
}

export type TextInputProps = ComponentProps<'input'> & {
  /** An icon inside, before the text. */
  icon?: ReactNode
}

/** A field for one line of text. */
export function TextInput({ className, icon, ...props }: TextInputProps) {
  const input = (
    <input
      dir="auto"
      {...useFieldProps()}
      {...props}
      className={cx('control', icon !== undefined && 'ps-10', className)}
    />
  )
  if (icon === undefined) return input
  return (
    <span className="relative block w-full">
      <span
        aria-hidden="true"
        className="pointer-events-none absolute inset-y-0 start-3 grid place-items-center text-ink-3 [&_svg]:size-[1.15rem]"
      >
        {icon}
      </span>
      {input}
    </span>
  )
}

/** A field for several lines of text, which grows with it. */
export function TextArea({ className, rows = 3, ...props }: ComponentProps<'textarea'>) {
  return (
    <textarea
      dir="auto"
      rows={rows}
      {...useFieldProps()}
      {...props}
      className={cx('control [field-sizing:content] max-h-[60vh]', className)}
    />
  )
}

/** A field for a password, which can be shown. */
export function PasswordInput({ className, ...props }: Omit<ComponentProps<'input'>, 'type'>) {
  const [isShown, setIsShown] = useState(false)
  const label = isShown ? m.ui_password_hide() : m.ui_password_show()
  return (
    <span className="relative block w-full">
      <input
        dir="auto"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        {...useFieldProps()}
        {...props}
        type={isShown ? 'text' : 'password'}
        className={cx('control pe-12', className)}
      />
      <button
        type="button"
        aria-label={label}
        title={label}
        onClick={() => setIsShown(!isShown)}
        className="absolute inset-y-0.5 end-0.5 grid w-11 place-items-center rounded-md text-ink-3 hover:text-ink [&_svg]:size-[1.15rem]"
      >
        {isShown ? <EyeOff aria-hidden="true" /> : <Eye aria-hidden="true" />}
      </button>
    </span>
  )
}
