import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Controller, type FieldValues, type Path } from 'react-hook-form'
import { Field } from '../../ui/field.tsx'
import type { MusterForm } from '../../ui/form.tsx'
import { OtpInput } from '../../ui/otp-input.tsx'
import { authConfigQuery } from './auth-config.ts'

type Props<Values extends FieldValues> = {
  form: MusterForm<Values>
  name: Path<Values>
  label: string
  hint?: ReactNode
  autoFocus?: boolean
}

/** The field of a form for a code of as many digits as the server sends. The last digit sends the form. */
export function CodeField<Values extends FieldValues>({ form, name, label, hint, autoFocus }: Props<Values>) {
  const digits = useQuery(authConfigQuery).data?.code.digits ?? 6
  return (
    <Field label={label} hint={hint} error={form.errorOf(name)}>
      <Controller
        control={form.control}
        name={name}
        render={({ field }) => (
          <OtpInput
            ref={field.ref}
            length={digits}
            value={field.value}
            onChange={field.onChange}
            onComplete={() => void form.submit()}
            autoFocus={autoFocus}
          />
        )}
      />
    </Field>
  )
}
