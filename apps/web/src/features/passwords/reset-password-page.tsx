import { type AuthConfig, MusterError } from '@muster/client'
import { Link } from '@tanstack/react-router'
import { CircleCheck, Unlink } from 'lucide-react'
import { useMemo, useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Field, PasswordInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { keepsRules, PasswordRules } from '../registration/password-rules.tsx'
import { PublicCard } from '../shell/public-frame.tsx'
import { useAuthConfig } from '../sign-in/auth-config.ts'
import { mailedToken } from '../sign-in/mailed-token.ts'

type State = 'open' | 'done' | 'invalid'

/** Sets a new password by the token of a mailed link. */
export function ResetPasswordPage() {
  const [token] = useState(() => mailedToken.get('reset-password'))
  const [state, setState] = useState<State>('open')
  const config = useAuthConfig()
  const footer = (
    <Link to="/login" search={{}} className="link">
      {m.passwords_back()}
    </Link>
  )

  if (state === 'done')
    return (
      <PublicCard icon={<CircleCheck />} title={m.passwords_done_title()} text={m.passwords_done_text()}>
        <ButtonLink to="/login" search={{}} variant="primary" size="lg" isWide>
          {m.sign_in_submit()}
        </ButtonLink>
      </PublicCard>
    )
  if (token === null || state === 'invalid')
    return (
      <PublicCard
        icon={<Unlink />}
        title={token === null ? m.passwords_no_token_title() : m.passwords_invalid_title()}
        text={token === null ? m.passwords_no_token_text() : m.passwords_invalid_text()}
        footer={footer}
      >
        <ButtonLink to="/forgot-password" variant="primary" size="lg" isWide>
          {m.passwords_ask_again()}
        </ButtonLink>
      </PublicCard>
    )
  return (
    <PublicCard title={m.passwords_reset_title()} text={m.passwords_reset_text()} footer={footer}>
      {config.error ? (
        <ErrorState error={config.error} onRetry={() => config.refetch()} className="py-2" />
      ) : config.isPending ? (
        <div role="status" className="flex flex-col gap-5">
          <span className="sr-only">{m.ui_loading()}</span>
          <Skeleton className="h-[11rem]" />
          <Skeleton className="h-12" />
        </div>
      ) : (
        <ResetForm
          rules={config.data.password}
          token={token}
          onEnd={(next) => {
            mailedToken.clear('reset-password')
            setState(next)
          }}
        />
      )}
    </PublicCard>
  )
}

type FormProps = { rules: AuthConfig['password']; token: string; onEnd: (state: 'done' | 'invalid') => void }

function ResetForm({ rules, token, onEnd }: FormProps) {
  const [refused, setRefused] = useState<{ password: string; rules: readonly string[] } | null>(null)
  // The page does not know whose link it is; the server checks the names too.
  const owner = { email: '', username: '' }
  const schema = useMemo(
    () =>
      z.object({
        password: z.string().check(
          z.minLength(1),
          z.refine((password) => keepsRules(password, rules, { email: '', username: '' }), {
            error: () => m.faults_weak_password(),
          }),
        ),
      }),
    [rules],
  )
  const form = useMusterForm(schema, {
    defaultValues: { password: '' },
    async onSubmit({ password }) {
      try {
        await muster.auth.resetPassword({ token, password })
      } catch (error) {
        if (!(error instanceof MusterError)) throw error
        if (error.code === 'TOKEN_INVALID' || error.fieldErrors.token) return onEnd('invalid')
        const fault = error.fieldErrors.password
        if (fault?.code === 'WEAK_PASSWORD') setRefused({ password, rules: fault.params.rules as readonly string[] })
        throw error
      }
      // The reset has ended all sessions, this browser's too.
      await muster.session.restore().catch(() => undefined)
      onEnd('done')
    },
  })
  return (
    <Form form={form}>
      <div>
        <Field label={m.passwords_new()} error={form.errorOf('password')}>
          <PasswordInput {...form.register('password')} autoComplete="new-password" />
        </Field>
        <div className="mt-2 text-sm">
          <PasswordRules {...rules} password={form.values.password} owner={owner} refused={refused} />
        </div>
      </div>
      <FormError form={form} />
      <SubmitButton form={form} size="lg" isWide>
        {m.passwords_reset_submit()}
      </SubmitButton>
    </Form>
  )
}
