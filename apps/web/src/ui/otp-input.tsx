import { OTPInput } from 'input-otp'
import type { Ref } from 'react'
import { cx } from './cx.ts'
import { useFieldProps } from './field.tsx'

export type OtpInputProps = {
  length: number
  value: string
  onChange: (value: string) => void
  /** Called when the last digit is there, typed, pasted or filled in by the browser. */
  onComplete?: ((value: string) => void) | undefined
  isDisabled?: boolean | undefined
  autoFocus?: boolean | undefined
  ref?: Ref<HTMLInputElement> | undefined
}

/** Leaves the digits of any script, and removes what came along when a code was pasted. */
const digitsOf = (text: string) => text.replace(/[^\p{Nd}]/gu, '')

/** A field for a one-time code, one box a digit. For browsers and assistive technology it is one field. */
export function OtpInput({ length, value, onChange, onComplete, isDisabled, autoFocus, ref }: OtpInputProps) {
  const field = useFieldProps()
  function change(typed: string): void {
    const next = digitsOf(typed)
    onChange(next)
    // Also when a whole code takes the place of another one, which input-otp would not tell.
    if (next.length === length && next !== value) onComplete?.(next)
  }
  return (
    // A code is read from left to right in every script.
    <div dir="ltr">
      {/* input-otp looks for this id, and puts a style element into the page where it finds none. */}
      <span hidden id="input-otp-style" />
      <OTPInput
        ref={ref}
        {...field}
        maxLength={length}
        value={value}
        onChange={change}
        pasteTransformer={digitsOf}
        inputMode="numeric"
        autoComplete="one-time-code"
        disabled={isDisabled}
        autoFocus={autoFocus}
        noScriptCSSFallback={null}
        pushPasswordManagerStrategy="none"
        containerClassName="w-full"
        render={({ slots, isFocused }) => (
          <div className="flex w-full gap-2">
            {slots.map((slot, index) => (
              <div
                key={index}
                className={cx(
                  'grid h-14 min-w-0 flex-1 place-items-center rounded-md border bg-surface text-2xl font-semibold tabular-nums',
                  field['aria-invalid'] ? 'border-danger' : 'border-control',
                  isFocused && slot.isActive && 'border-accent outline-2 outline-accent',
                  isDisabled && 'opacity-60',
                  index === length / 2 && 'ms-2',
                )}
              >
                {slot.char}
                {slot.hasFakeCaret && <span className="h-7 w-px bg-ink motion-safe:animate-pulse" />}
              </div>
            ))}
          </div>
        )}
      />
    </div>
  )
}
