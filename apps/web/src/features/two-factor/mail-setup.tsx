import type { User } from '@muster/client'
import { useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { CodeField } from '../sign-in/code-field.tsx'
import { ResendCode } from '../sign-in/resend-code.tsx'
import { asksWho, ConfirmationFields, noConfirmation } from './confirmation-fields.tsx'

const beginSchema = z.object({ password: z.string(), mailedCode: z.string(), appCode: z.string() })
const codeSchema = z.object({ code: z.string().check(z.minLength(1)) })

/** Turns on mailed codes as the second factor, by the first one. */
export function MailSetup({ user, onDone }: { user: User; onDone: () => void }) {
  const [mailed, setMailed] = useState<{ atMs: number; confirmation: object } | null>(null)
  const [asksForPerson, setAsksForPerson] = useState(false)
  const begin = useMusterForm(beginSchema, {
    defaultValues: noConfirmation,
    fieldNames: { code: 'mailedCode' },
    async onSubmit({ password, mailedCode }) {
      const confirmation = asksForPerson ? (user.hasPassword ? { password } : { code: mailedCode }) : {}
      try {
        await muster.auth.enableMailedCodes(confirmation)
        setMailed({ atMs: Date.now(), confirmation })
      } catch (error) {
        if (!asksForPerson && asksWho(error)) return setAsksForPerson(true)
        throw error
      }
    },
  })
  const form = useMusterForm(codeSchema, {
    defaultValues: { code: '' },
    async onSubmit({ code }) {
      await muster.auth.confirmMailedCodes({ code })
      onDone()
    },
  })
  if (!mailed)
    return (
      <Form form={begin}>
        <ConfirmationFields user={user} form={begin} asksForApp={false} asksForPerson={asksForPerson} />
        <FormError form={begin} />
        <SubmitButton form={begin} size="lg" isWide>
          {m.two_factor_mail_begin()}
        </SubmitButton>
      </Form>
    )
  return (
    <Form form={form}>
      <CodeField
        form={form}
        name="code"
        label={m.sign_in_code_mail_label()}
        hint={m.two_factor_mailed_to({ email: user.email })}
        autoFocus
      />
      <FormError form={form} />
      <SubmitButton form={form} size="lg" isWide>
        {m.two_factor_turn_on()}
      </SubmitButton>
      <ResendCode
        mailedAtMs={mailed.atMs}
        onResend={async () => {
          await muster.auth.enableMailedCodes(mailed.confirmation)
          form.reset()
          setMailed({ ...mailed, atMs: Date.now() })
        }}
      />
    </Form>
  )
}
