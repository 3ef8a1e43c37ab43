import { Link } from '@tanstack/react-router'
import { MailCheck } from 'lucide-react'
import { useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Field, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { PublicCard } from '../shell/public-frame.tsx'
import { ResendCode } from '../sign-in/resend-code.tsx'
import { typedEmail } from '../sign-in/typed-email.ts'

const schema = z.object({ email: z.string().check(z.trim(), z.minLength(1)) })

/** Asks for the mail by which a new password can be set. */
export function ForgotPasswordPage() {
  const [mailed, setMailed] = useState<{ email: string; atMs: number } | null>(null)
  const ask = async (email: string) => {
    typedEmail.set(email)
    await muster.auth.forgotPassword({ email })
    setMailed({ email, atMs: Date.now() })
  }
  const form = useMusterForm(schema, {
    defaultValues: { email: typedEmail.get() },
    onSubmit: ({ email }) => ask(email),
  })
  const back = (
    <Link to="/login" search={{}} className="link">
      {m.passwords_back()}
    </Link>
  )
  if (mailed)
    return (
      <PublicCard
        icon={<MailCheck />}
        title={m.passwords_mailed_title()}
        text={
          <>
            {m.passwords_mailed_text()} <bdi className="font-medium text-ink">{mailed.email}</bdi>
          </>
        }
        footer={back}
      >
        <ul className="mb-5 flex list-disc flex-col gap-1.5 ps-5 text-[0.9375rem] text-ink-2 marker:text-ink-3">
          <li>{m.passwords_mailed_lifetime()}</li>
          <li>{m.passwords_mailed_newest()}</li>
          <li>{m.passwords_mailed_spam()}</li>
        </ul>
        <ResendCode mailedAtMs={mailed.atMs} onResend={() => ask(mailed.email)} label={m.passwords_mail_again()} />
        <Button variant="ghost" isWide className="mt-1" onClick={() => setMailed(null)}>
          {m.passwords_other_email()}
        </Button>
      </PublicCard>
    )
  return (
    <PublicCard title={m.passwords_forgot_title()} text={m.passwords_forgot_text()} footer={back}>
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
        <FormError form={form} />
        <SubmitButton form={form} size="lg" isWide>
          {m.passwords_forgot_submit()}
        </SubmitButton>
      </Form>
    </PublicCard>
  )
}
