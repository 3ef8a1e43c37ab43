import { Link, useNavigate } from '@tanstack/react-router'
import { KeyRound, Mail, Smartphone, TimerOff } from 'lucide-react'
import { useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { ownPath } from '../../lib/next-path.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Field, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { clockOf, useSecondsUntil } from '../../ui/use-countdown.ts'
import { PublicCard } from '../shell/public-frame.tsx'
import { type Challenge, currentChallenge } from './challenge.ts'
import { CodeField } from './code-field.tsx'
import { ResendCode } from './resend-code.tsx'

const schema = z.object({ code: z.string().check(z.minLength(1)) })

/** The second step of a sign-in: a mailed code, the code of an app, or a recovery code. */
export function CodeForm() {
  const [challenge, setChallenge] = useState(currentChallenge.get)
  const secondsLeft = useSecondsUntil(challenge?.expiresAtMs ?? null)
  const [isRefused, setIsRefused] = useState(false)
  if (!challenge || secondsLeft === 0 || isRefused) return <Ended hadChallenge={challenge !== null} />
  return (
    <OpenChallenge
      challenge={challenge}
      secondsLeft={secondsLeft}
      onMailed={() => {
        const mailed = { ...challenge, mailedAtMs: Date.now() }
        currentChallenge.set(mailed)
        setChallenge(mailed)
      }}
      onRefused={() => setIsRefused(true)}
    />
  )
}

/** A sign-in that can no longer be completed, or that this page has forgotten when it was loaded again. */
function Ended({ hadChallenge }: { hadChallenge: boolean }) {
  return (
    <PublicCard
      icon={<TimerOff />}
      title={m.sign_in_code_ended_title()}
      text={hadChallenge ? m.errors_challenge_invalid() : m.sign_in_code_forgotten()}
    >
      <ButtonLink to="/login" search={{}} variant="primary" size="lg" isWide>
        {m.sign_in_again()}
      </ButtonLink>
    </PublicCard>
  )
}

type OpenProps = { challenge: Challenge; secondsLeft: number; onMailed: () => void; onRefused: () => void }

function OpenChallenge({ challenge, secondsLeft, onMailed, onRefused }: OpenProps) {
  const { challengeToken, method, next } = challenge
  const navigate = useNavigate()
  const [usesRecovery, setUsesRecovery] = useState(false)
  const form = useMusterForm(schema, {
    defaultValues: { code: '' },
    async onSubmit({ code }) {
      try {
        await muster.auth.verifySignIn({ challengeToken, code })
      } catch (error) {
        if ((error as { code?: string }).code === 'CHALLENGE_INVALID') return onRefused()
        throw error
      }
      currentChallenge.set(null)
      await navigate({ href: ownPath(next), replace: true })
    },
  })
  const isMail = method === 'otp'
  const Icon = isMail ? Mail : usesRecovery ? KeyRound : Smartphone
  const text = isMail ? m.sign_in_code_mail() : usesRecovery ? m.sign_in_code_recovery() : m.sign_in_code_app()

  return (
    <PublicCard
      icon={<Icon />}
      title={m.sign_in_code_title()}
      text={text}
      footer={
        <Link to="/login" search={next === undefined ? {} : { next }} className="link">
          {m.sign_in_code_other()}
        </Link>
      }
    >
      <Form form={form}>
        {usesRecovery ? (
          <Field label={m.sign_in_recovery_label()} hint={m.sign_in_recovery_hint()} error={form.errorOf('code')}>
            <TextInput
              key="recovery"
              {...form.register('code')}
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              dir="ltr"
              className="font-mono tracking-wide"
              autoFocus
            />
          </Field>
        ) : (
          <CodeField
            form={form}
            name="code"
            label={isMail ? m.sign_in_code_mail_label() : m.sign_in_code_app_label()}
            hint={m.sign_in_code_left({ time: clockOf(secondsLeft) })}
            autoFocus
          />
        )}
        <FormError form={form} />
        <SubmitButton form={form} size="lg" isWide>
          {m.sign_in_submit()}
        </SubmitButton>
        {isMail ? (
          <ResendCode
            mailedAtMs={challenge.mailedAtMs}
            onResend={async () => {
              await muster.auth.resendSignInCode({ challengeToken })
              form.reset()
              onMailed()
            }}
            onEnded={onRefused}
          />
        ) : (
          <Button
            variant="ghost"
            onClick={() => {
              form.reset()
              setUsesRecovery(!usesRecovery)
            }}
          >
            {usesRecovery ? m.sign_in_use_app() : m.sign_in_use_recovery()}
          </Button>
        )}
      </Form>
    </PublicCard>
  )
}
