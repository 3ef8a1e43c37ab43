import { type AuthConfig, MusterError } from '@muster/client'
import { type ReactNode, useMemo, useState } from 'react'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Field, PasswordInput, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { keepsRules, PasswordRules } from './password-rules.tsx'

export type AccountValues = { name: string; username: string; email: string; password: string }

/** The rules of a new account, from the server. */
const schemaOf = ({ name, username, password }: AuthConfig) =>
  z
    .object({
      name: z.string().check(z.trim(), z.minLength(name.min), z.maxLength(name.max)),
      email: z.string().check(z.trim(), z.minLength(1)),
      username: z.string().check(
        z.trim(),
        z.minLength(username.length.min),
        z.maxLength(username.length.max),
        z.refine((text) => new RegExp(username.pattern, 'u').test(text.toLowerCase()), {
          error: () => m.registration_username_form(),
        }),
      ),
      password: z.string().check(z.minLength(1)),
    })
    .check(
      z.refine((values) => keepsRules(values.password, password, values), {
        path: ['password'],
        error: () => m.faults_weak_password(),
        when: ({ value }) =>
          typeof (value as AccountValues).password === 'string' && (value as AccountValues).password !== '',
      }),
    )

type Props = {
  config: AuthConfig
  defaultValues: AccountValues
  /** An address that cannot be changed, such as the invited one. */
  isEmailFixed?: boolean | undefined
  submitLabel: string
  onSubmit: (values: AccountValues) => Promise<unknown>
  sentenceOf?: ((error: MusterError) => ReactNode | undefined) | undefined
  /** The next step beside an error of the whole form. */
  errorAction?: ReactNode
}

/** The form of a new account: name, username, e-mail and password. */
export function AccountForm(props: Props) {
  const { config, defaultValues, isEmailFixed, submitLabel, onSubmit, sentenceOf, errorAction } = props
  const schema = useMemo(() => schemaOf(config), [config])
  const [refused, setRefused] = useState<{ password: string; rules: readonly string[] } | null>(null)
  const form = useMusterForm(schema, {
    defaultValues,
    sentenceOf,
    async onSubmit(values) {
      try {
        await onSubmit(values)
      } catch (error) {
        const fault = error instanceof MusterError ? error.fieldErrors.password : undefined
        if (fault?.code === 'WEAK_PASSWORD')
          setRefused({ password: values.password, rules: fault.params.rules as readonly string[] })
        throw error
      }
    },
  })
  const { password, email, username } = form.values
  return (
    <Form form={form}>
      <Field label={m.registration_name()} hint={m.registration_name_hint()} error={form.errorOf('name')}>
        <TextInput {...form.register('name')} autoComplete="name" />
      </Field>
      <Field
        label={m.sign_in_email()}
        hint={isEmailFixed ? m.registration_email_fixed() : undefined}
        error={form.errorOf('email')}
      >
        <TextInput
          {...form.register('email')}
          type="email"
          inputMode="email"
          autoComplete="email"
          autoCapitalize="none"
          spellCheck={false}
          readOnly={isEmailFixed}
          className={isEmailFixed ? 'bg-raised' : undefined}
        />
      </Field>
      <Field
        label={m.registration_username()}
        hint={m.registration_username_hint(config.username.length)}
        error={form.errorOf('username')}
      >
        <TextInput
          {...form.register('username')}
          autoComplete="username"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          dir="ltr"
        />
      </Field>
      <div>
        <Field label={m.sign_in_password()} error={form.errorOf('password')}>
          <PasswordInput {...form.register('password')} autoComplete="new-password" />
        </Field>
        <div className="mt-2 text-sm">
          <PasswordRules {...config.password} password={password} owner={{ email, username }} refused={refused} />
        </div>
      </div>
      <FormError form={form} action={errorAction} />
      <SubmitButton form={form} size="lg" isWide>
        {submitLabel}
      </SubmitButton>
    </Form>
  )
}

/** The time zone of this device, with which a new account begins. */
export const ownTimeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone
