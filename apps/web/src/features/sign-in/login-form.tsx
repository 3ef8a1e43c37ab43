import { Link, useNavigate } from '@tanstack/react-router'
import { muster } from '../../lib/muster.ts'
import { ownPath } from '../../lib/next-path.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Field, PasswordInput, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { PublicCard } from '../shell/public-frame.tsx'
import { useAuthConfig } from './auth-config.ts'
import { currentChallenge } from './challenge.ts'
import { GoogleButton, OrDivider } from './google-button.tsx'
import { googleErrorSentence } from './google-errors.ts'
import { typedEmail } from './typed-email.ts'

const schema = z.object({
  email: z.string().check(z.minLength(1)),
  password: z.string().check(z.minLength(1)),
  rememberMe: z.boolean(),
})

/** The sign-in by password or with Google. */
export function LoginForm({ next, error }: { next: string | undefined; error: string | undefined }) {
  const config = useAuthConfig()
  const navigate = useNavigate()
  const form = useMusterForm(schema, {
    defaultValues: { email: typedEmail.get(), password: '', rememberMe: false },
    async onSubmit(values) {
      typedEmail.set(values.email)
      const session = await muster.session.signIn(values)
      if (session.status === 'challenge') {
        const { challengeToken, method, expiresAt } = session
        const expiresAtMs = Date.parse(expiresAt)
        currentChallenge.set({ challengeToken, method, expiresAtMs, mailedAtMs: Date.now(), next })
        return navigate({ to: '/login/code' })
      }
      return navigate({ href: ownPath(next), replace: true })
    },
  })
  const google = config.data?.google
  const googleError = error === undefined ? null : googleErrorSentence(error)
  const isInvited = ownPath(next).startsWith('/accept-invite')

  return (
    <PublicCard
      title={m.sign_in_title()}
      text={isInvited ? m.sign_in_to_accept() : m.sign_in_text()}
      footer={
        config.data?.signUp === 'invite' ? (
          m.sign_in_invite_only()
        ) : (
          <>
            {m.sign_in_no_account()}{' '}
            <Link to="/register" className="link">
              {m.sign_in_register()}
            </Link>
          </>
        )
      }
    >
      {googleError !== null && (
        <Notice tone="danger" isAlert className="mb-6">
          {googleError}
        </Notice>
      )}
      {config.isPending ? (
        <>
          <Skeleton className="h-12" />
          <OrDivider />
        </>
      ) : (
        google && (
          <>
            <GoogleButton href={form.values.rememberMe ? `${google.startUrl}?rememberMe=true` : google.startUrl} />
            <OrDivider />
          </>
        )
      )}
      <Form form={form}>
        <Field label={m.sign_in_email()} error={form.errorOf('email')}>
          <TextInput
            {...form.register('email')}
            type="email"
            inputMode="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
          />
        </Field>
        <Field
          label={m.sign_in_password()}
          error={form.errorOf('password')}
          labelAction={
            <Link to="/forgot-password" className="link text-sm" onClick={() => typedEmail.set(form.values.email)}>
              {m.sign_in_forgot()}
            </Link>
          }
        >
          <PasswordInput {...form.register('password')} autoComplete="current-password" />
        </Field>
        <Checkbox {...form.register('rememberMe')} label={m.sign_in_remember()} />
        <FormError form={form} />
        <SubmitButton form={form} size="lg" isWide>
          {m.sign_in_submit()}
        </SubmitButton>
      </Form>
    </PublicCard>
  )
}
