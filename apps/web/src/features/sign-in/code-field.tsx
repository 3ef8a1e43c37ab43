import { lazy, type ReactNode, Suspense } from 'react'
import { Field } from '../../ui/field.tsx'
import type { MusterForm } from '../../ui/form.tsx'
import { useAuthConfig } from './auth-config.ts'

// A set-up of a factor asks for a code only in its second step.
const OtpInput = lazy(() => import('../../ui/otp-input.tsx').then((module) => ({ default: module.OtpInput })))

type Props<Name extends string> = {
  form: Pick<MusterForm<Record<Name, string>>, 'control' | 'errorOf' | 'submit'>
  name: Name
  label: string
  hint?: ReactNode
  autoFocus?: boolean
}

/** The field of a form for a code of as many digits as the server sends. The last digit sends the form. */
export function CodeField<Name extends string>({ form, name, label, hint, autoFocus }: Props<Name>) {
  const digits = useAuthConfig().data?.code.digits ?? 6
  return (
    <Field label={label} hint={hint} error={form.errorOf(name)}>
      <Suspense fallback={<span className="block h-14" />}>
        <OtpInput {...form.control(name)} length={digits} onComplete={() => void form.submit()} autoFocus={autoFocus} />
      </Suspense>
    </Field>
  )
}
