import { type AuthConfig, MusterError, type User } from '@muster/client'
import { lazy, Suspense, useMemo, useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Field, PasswordInput, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { keepsRules, PasswordRules } from '../registration/password-rules.tsx'
import { useAuthConfig } from '../sign-in/auth-config.ts'

const MailCodeButton = lazy(async () => ({
  default: (await import('../reauthentication/mail-code-button.tsx')).MailCodeButton,
}))

/** Changes the own password, or sets the first one of an account without. */
export function ChangePasswordCard({ user }: { user: User }) {
  const config = useAuthConfig()
  return (
    <Card
      title={user.hasPassword ? m.security_password() : m.security_password_first()}
      description={m.security_password_text()}
    >
      {config.data ? (
        // Another form once the account has a password.
        <ChangeForm key={String(user.hasPassword)} user={user} rules={config.data.password} />
      ) : config.error ? (
        <ErrorState error={config.error} onRetry={config.refetch} />
      ) : (
        <Skeleton className="h-80" />
      )}
    </Card>
  )
}

const nothing = { current: '', code: '', password: '' }

function ChangeForm({ user, rules }: { user: User; rules: AuthConfig['password'] }) {
  const { hasPassword, email, username } = user
  const [refused, setRefused] = useState<{ password: string; rules: readonly string[] } | null>(null)
  const schema = useMemo(
    () =>
      z.object({
        current: z.string().check(z.minLength(hasPassword ? 1 : 0)),
        code: z.string().check(z.minLength(hasPassword ? 0 : 1)),
        password: z.string().check(
          z.minLength(1),
          z.refine((password) => keepsRules(password, rules, { email, username }), {
            error: () => m.faults_weak_password(),
          }),
        ),
      }),
    [rules, hasPassword, email, username],
  )
  const form = useMusterForm(schema, {
    defaultValues: nothing,
    fieldNames: { currentPassword: 'current', newPassword: 'password' },
    async onSubmit({ current, code, password }) {
      const proof = hasPassword ? { currentPassword: current } : { code }
      try {
        await muster.auth.changePassword({ ...proof, newPassword: password })
      } catch (error) {
        const fault = error instanceof MusterError ? error.fieldErrors.newPassword : undefined
        if (fault?.code === 'WEAK_PASSWORD') setRefused({ password, rules: fault.params.rules as readonly string[] })
        throw error
      }
      form.reset(nothing)
      toast({ kind: 'success', title: m.security_password_changed() })
      // The profile says whether there is a password; the other sessions have ended.
      await muster.users.me().catch(() => undefined)
      void queryClient.invalidateQueries({ queryKey: ['sessions'] })
    },
  })
  return (
    <Form form={form}>
      {/* Tells password managers whose password it is. */}
      <input type="text" hidden readOnly autoComplete="username" value={email} />
      {hasPassword ? (
        <Field label={m.security_password_current()} error={form.errorOf('current')}>
          <PasswordInput {...form.register('current')} autoComplete="current-password" />
        </Field>
      ) : (
        <Field
          label={m.reauthentication_mailed_code()}
          hint={m.reauthentication_mailed_code_hint({ email })}
          error={form.errorOf('code')}
          labelAction={
            <Suspense>
              <MailCodeButton />
            </Suspense>
          }
        >
          <TextInput {...form.register('code')} inputMode="numeric" autoComplete="one-time-code" dir="ltr" />
        </Field>
      )}
      <div>
        <Field label={m.passwords_new()} error={form.errorOf('password')}>
          <PasswordInput {...form.register('password')} autoComplete="new-password" />
        </Field>
        <div className="mt-2 text-sm">
          <PasswordRules {...rules} password={form.values.password} owner={{ email, username }} refused={refused} />
        </div>
      </div>
      <FormError form={form} />
      <div className="flex justify-end">
        <SubmitButton form={form}>
          {hasPassword ? m.security_password_submit() : m.passwords_reset_submit()}
        </SubmitButton>
      </div>
    </Form>
  )
}
