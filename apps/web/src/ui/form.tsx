import { MusterError } from '@muster/client'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ReactNode } from 'react'
import { useRef, useState } from 'react'
import { errorSentence, isUnexpected } from '../lib/errors.ts'
import { faultSentence } from '../lib/faults.ts'
import { m } from '../paraglide/messages.js'
import { Button, type ButtonProps } from './button.tsx'
import { cx } from './cx.ts'
import { Notice } from './notice.tsx'
import './zod-messages.ts'
import { RequestId } from './request-id.tsx'
import { clockOf, useCountdown } from './use-countdown.ts'
import { type Fields, useFields } from './use-fields.ts'

export type MusterFormOptions<Values, Output> = {
  defaultValues: Values
  /** Sends the form. What it throws is shown: faults of fields beside them, everything else above the buttons. */
  onSubmit: (values: Output) => unknown
  /** Names of the request's fields that have another name in this form. */
  fieldNames?: Readonly<Record<string, keyof Values & string>> | undefined
  /** The sentence for an error where the form knows a better one; undefined leaves it as it is. */
  sentenceOf?: ((error: MusterError) => ReactNode | undefined) | undefined
}

export type MusterForm<Values = Record<string, unknown>> = Fields<Values> & {
  /** The error that belongs to no field. */
  formError: { error: unknown; sentence: ReactNode } | null
  setFormError: (error: unknown) => void
  /** Seconds until the server takes the form again. */
  secondsLeft: number
  isSubmitting: boolean
  /** For `onSubmit` of the form; it can also be called to send the form. */
  submit: (event?: { preventDefault: () => void }) => Promise<void>
}

/** The form of a request: it validates by the schema, sends, and shows what the API refuses. What was typed stays. */
export function useMusterForm<Values extends object, Output>(
  schema: StandardSchemaV1<Values, Output>,
  { defaultValues, onSubmit, fieldNames = {}, sentenceOf }: MusterFormOptions<Values, Output>,
): MusterForm<Values> {
  const { validate, ...fields } = useFields(schema, defaultValues)
  const [formError, setError] = useState<MusterForm['formError']>(null)
  const [isSubmitting, setIsSubmitting] = useState(false)
  // Whoever presses twice sends once, also before the button shows it.
  const isBusy = useRef(false)
  const countdown = useCountdown()

  function setFormError(error: unknown): void {
    if (error instanceof MusterError && error.retryAfter !== undefined) countdown.start(error.retryAfter)
    const own = error instanceof MusterError ? sentenceOf?.(error) : undefined
    setError(error === null ? null : { error, sentence: own ?? errorSentence(error) })
  }

  /** Puts the faults of fields beside them. @returns whether each fault has found its field */
  function showFaults({ fieldErrors }: MusterError): boolean {
    let isFirst = true
    let areShown = true
    for (const [field, fault] of Object.entries(fieldErrors)) {
      const name = fieldNames[field] ?? (field as keyof Values & string)
      if (!Object.hasOwn(fields.values, name)) {
        areShown = false
        continue
      }
      fields.setError(name, faultSentence(fault), { shouldFocus: isFirst })
      isFirst = false
    }
    return areShown && !isFirst
  }

  async function send(): Promise<void> {
    setError(null)
    const valid = await validate()
    if (!valid) return
    try {
      await onSubmit(valid.output)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return
      const areShown = error instanceof MusterError && showFaults(error)
      if (!areShown || (error as MusterError).retryAfter !== undefined) setFormError(error)
    }
  }

  return {
    ...fields,
    formError,
    setFormError,
    secondsLeft: countdown.secondsLeft,
    isSubmitting,
    async submit(event) {
      event?.preventDefault()
      if (isBusy.current || countdown.secondsLeft > 0) return
      isBusy.current = true
      setIsSubmitting(true)
      await send()
      isBusy.current = false
      setIsSubmitting(false)
    },
  }
}

type AnyForm = Pick<MusterForm, 'formError' | 'secondsLeft' | 'isSubmitting'>

/** The form element of `useMusterForm`. */
export function Form(props: {
  form: Pick<MusterForm, 'submit'>
  children: ReactNode
  className?: string
  label?: string
}) {
  const { form, children, className, label } = props
  return (
    <form
      noValidate
      method="post"
      aria-label={label}
      onSubmit={form.submit}
      className={cx('flex flex-col gap-5', className)}
    >
      {children}
    </form>
  )
}

/** The error of a form that belongs to no field. It stands above the buttons. */
export function FormError({ form, action }: { form: AnyForm; action?: ReactNode }) {
  if (!form.formError) return null
  const { error, sentence } = form.formError
  return (
    <Notice tone="danger" isAlert action={action}>
      {sentence}
      {isUnexpected(error) && <RequestId error={error} />}
    </Notice>
  )
}

/** The button that sends a form. While the server asks to wait, it counts down. */
export function SubmitButton({ form, children, ...props }: Omit<ButtonProps, 'form'> & { form: AnyForm }) {
  const isWaiting = form.secondsLeft > 0
  return (
    <Button variant="primary" {...props} type="submit" isPending={form.isSubmitting} isDisabled={isWaiting}>
      {isWaiting ? m.ui_again_in({ time: clockOf(form.secondsLeft) }) : children}
    </Button>
  )
}
