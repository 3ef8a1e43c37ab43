import { Link, useNavigate } from '@tanstack/react-router'
import { MailQuestion } from 'lucide-react'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { PublicCard } from '../shell/public-frame.tsx'
import { useAuthConfig } from '../sign-in/auth-config.ts'
import { GoogleButton, OrDivider } from '../sign-in/google-button.tsx'
import { typedEmail } from '../sign-in/typed-email.ts'
import { AccountForm, ownTimeZone } from './account-form.tsx'
import { AccountFormSkeleton } from './account-form-skeleton.tsx'
import { currentAttempt } from './attempt.ts'

/** The first step of a registration. */
export function RegisterPage() {
  const config = useAuthConfig()
  const navigate = useNavigate()
  const toSignIn = (
    <>
      {m.registration_has_account()}{' '}
      <Link to="/login" search={{}} className="link">
        {m.sign_in_submit()}
      </Link>
    </>
  )
  if (config.error)
    return (
      <PublicCard title={m.registration_title()} footer={toSignIn}>
        <ErrorState error={config.error} onRetry={() => config.refetch()} className="py-2" />
      </PublicCard>
    )
  if (config.isPending)
    return (
      <PublicCard title={m.registration_title()} text={m.registration_text()} footer={toSignIn}>
        <AccountFormSkeleton />
      </PublicCard>
    )
  const { data } = config
  if (data.signUp === 'invite')
    return (
      <PublicCard icon={<MailQuestion />} title={m.registration_closed_title()} text={m.registration_closed_text()}>
        <ButtonLink to="/login" search={{}} variant="primary" size="lg" isWide>
          {m.registration_to_sign_in()}
        </ButtonLink>
      </PublicCard>
    )
  const kept = currentAttempt.get()?.registration
  return (
    <PublicCard title={m.registration_title()} text={m.registration_text()} footer={toSignIn}>
      {data.google && (
        <>
          <GoogleButton href={data.google.startUrl} />
          <OrDivider />
        </>
      )}
      <AccountForm
        config={data}
        defaultValues={kept ?? { name: '', username: '', email: typedEmail.get(), password: '' }}
        submitLabel={m.registration_submit()}
        onSubmit={async (values) => {
          typedEmail.set(values.email)
          const registration = { ...values, timezone: ownTimeZone() }
          await muster.auth.register(registration)
          currentAttempt.set({ email: values.email, mailedAtMs: Date.now(), registration })
          await navigate({ to: '/register/code' })
        }}
      />
    </PublicCard>
  )
}
