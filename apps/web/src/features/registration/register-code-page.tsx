import { Link, useNavigate } from '@tanstack/react-router'
import { MailCheck, MailQuestion } from 'lucide-react'
import { useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { Notice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { clockOf, useSecondsUntil } from '../../ui/use-countdown.ts'
import { PublicCard } from '../shell/public-frame.tsx'
import { useAuthConfig } from '../sign-in/auth-config.ts'
import { CodeField } from '../sign-in/code-field.tsx'
import { ResendCode } from '../sign-in/resend-code.tsx'
import { type Attempt, currentAttempt } from './attempt.ts'

const schema = z.object({ otp: z.string().check(z.minLength(1)) })

/** The second step of a registration: the mailed code. */
export function RegisterCodePage() {
  const [attempt, setAttempt] = useState(currentAttempt.get)
  if (!attempt)
    return (
      <PublicCard
        icon={<MailQuestion />}
        title={m.registration_code_none_title()}
        text={m.registration_code_none_text()}
      >
        <ButtonLink to="/register" variant="primary" size="lg" isWide>
          {m.registration_again()}
        </ButtonLink>
      </PublicCard>
    )
  return (
    <OpenAttempt
      attempt={attempt}
      onMailed={() => {
        const mailed = { ...attempt, mailedAtMs: Date.now() }
        currentAttempt.set(mailed)
        setAttempt(mailed)
      }}
    />
  )
}

function OpenAttempt({ attempt, onMailed }: { attempt: Attempt; onMailed: () => void }) {
  const { email, mailedAtMs, registration } = attempt
  const config = useAuthConfig()
  const navigate = useNavigate()
  const lifetimeSeconds = config.data?.code.lifetimeSeconds ?? 300
  const secondsLeft = useSecondsUntil(mailedAtMs + lifetimeSeconds * 1_000)
  const form = useMusterForm(schema, {
    defaultValues: { otp: '' },
    async onSubmit({ otp }) {
      await muster.auth.verifyRegistration({ email, otp })
      currentAttempt.set(null)
      toast({ kind: 'success', title: m.registration_welcome() })
      await navigate({ to: '/', replace: true })
    },
  })
  const isTaken = (form.formError?.error as { code?: string } | undefined)?.code === 'ALREADY_EXISTS'
  return (
    <PublicCard
      icon={<MailCheck />}
      title={m.registration_code_title()}
      text={
        <>
          {m.registration_code_text()} <bdi className="font-medium text-ink">{email}</bdi>
        </>
      }
      footer={
        <Link to="/register" className="link">
          {m.registration_code_other()}
        </Link>
      }
    >
      <Form form={form}>
        <CodeField
          form={form}
          name="otp"
          label={m.sign_in_code_mail_label()}
          hint={secondsLeft > 0 ? m.sign_in_code_left({ time: clockOf(secondsLeft) }) : undefined}
          autoFocus
        />
        {secondsLeft === 0 && (
          <Notice tone="warning" isAlert>
            {registration ? m.registration_code_expired() : m.registration_code_expired_again()}
          </Notice>
        )}
        <FormError
          form={form}
          action={
            isTaken && (
              <ButtonLink to="/login" search={{}} size="sm">
                {m.sign_in_submit()}
              </ButtonLink>
            )
          }
        />
        <SubmitButton form={form} size="lg" isWide>
          {m.registration_code_submit()}
        </SubmitButton>
        {registration && (
          <ResendCode
            mailedAtMs={mailedAtMs}
            onResend={async () => {
              await muster.auth.register(registration)
              form.reset()
              onMailed()
            }}
          />
        )}
        <p className="text-center text-sm text-ink-3">{m.registration_code_spam()}</p>
      </Form>
    </PublicCard>
  )
}
