import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { MusterError } from '@muster/client'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { type DefaultValues, type FieldValues, type Path, type UseFormReturn, useForm } from 'react-hook-form'
import { errorSentence, isUnexpected } from '../lib/errors.ts'
import { faultSentence } from '../lib/faults.ts'
import { m } from '../paraglide/messages.js'
import { Button, type ButtonProps } from './button.tsx'
import { cx } from './cx.ts'
import { Notice } from './notice.tsx'
import './zod-messages.ts'
import { RequestId } from './request-id.tsx'
import { clockOf, useCountdown } from './use-countdown.ts'

export type MusterFormOptions<Values extends FieldValues, Output> = {
  defaultValues: DefaultValues<Values>
  /** Sends the form. What it throws is shown: faults of fields beside them, everything else above the buttons. */
  onSubmit: (values: Output) => unknown
  /** Names of the request's fields that have another name in this form. */
  fieldNames?: Readonly<Record<string, Path<Values>>> | undefined
  /** The sentence for an error where the form knows a better one; undefined leaves it as it is. */
  sentenceOf?: ((error: MusterError) => ReactNode | undefined) | undefined
}

export type MusterForm<Values extends FieldValues = FieldValues, Output = Values> = UseFormReturn<
  Values,
  unknown,
  Output
> & {
  /** Returns the sentence beside a field, if it has a fault. */
  errorOf: (name: Path<Values>) => string | undefined
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
export function useMusterForm<Values extends FieldValues, Output>(
  schema: StandardSchemaV1<Values, Output>,
  { defaultValues, onSubmit, fieldNames = {}, sentenceOf }: MusterFormOptions<Values, Output>,
): MusterForm<Values, Output> {
  const form = useForm<Values, unknown, Output>({ defaultValues, resolver: standardSchemaResolver(schema) })
  const [formError, setError] = useState<MusterForm['formError']>(null)
  const countdown = useCountdown()
  const { errors, isSubmitting } = form.formState

  function setFormError(error: unknown): void {
    if (error instanceof MusterError && error.retryAfter !== undefined) countdown.start(error.retryAfter)
    const own = error instanceof MusterError ? sentenceOf?.(error) : undefined
    setError(error === null ? null : { error, sentence: own ?? errorSentence(error) })
  }

  /** Puts the faults of fields beside them. @returns whether each fault has found its field */
  function showFaults({ fieldErrors }: MusterError): boolean {
    const values = form.getValues()
    let isFirst = true
    let areShown = true
    for (const [field, fault] of Object.entries(fieldErrors)) {
      const name = fieldNames[field] ?? (field as Path<Values>)
      if (!Object.hasOwn(values, name)) {
        areShown = false
        continue
      }
      form.setError(name, { type: 'server', message: faultSentence(fault) }, { shouldFocus: isFirst })
      isFirst = false
    }
    return areShown && !isFirst
  }

  const send = form.handleSubmit(async (values) => {
    if (countdown.secondsLeft > 0) return
    setError(null)
    try {
      await onSubmit(values)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return
      const areShown = error instanceof MusterError && showFaults(error)
      if (!areShown || (error as MusterError).retryAfter !== undefined) setFormError(error)
    }
  })
  return {
    ...form,
    errorOf: (name) => form.getFieldState(name, form.formState).error?.message,
    formError: Object.keys(errors).length > 0 && formError === null ? null : formError,
    setFormError,
    secondsLeft: countdown.secondsLeft,
    isSubmitting,
    submit: (event) => {
      event?.preventDefault()
      return isSubmitting ? Promise.resolve() : send()
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
