import { MusterError, type User } from '@muster/client'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Field, PasswordInput, TextInput } from '../../ui/field.tsx'
import type { MusterForm } from '../../ui/form.tsx'
import { clockOf, useCountdown } from '../../ui/use-countdown.ts'

export type ConfirmationValues = { password: string; mailedCode: string; appCode: string }

/** Nothing typed yet. */
export const noConfirmation: ConfirmationValues = { password: '', mailedCode: '', appCode: '' }

/** Tells whether the server asks who it is, as it does when a session is older than 15 minutes. */
export const asksWho = (error: unknown): boolean =>
  error instanceof MusterError &&
  ['password', 'confirmationCode', 'code'].some((field) => error.fieldErrors[field]?.code === 'REQUIRED')

type Props = { user: User; form: MusterForm<ConfirmationValues>; asksForApp: boolean; asksForPerson: boolean }

/** The fields by which somebody proves again who they are: the password, or a mailed code; and a code of the app in use. */
export function ConfirmationFields({ user, form, asksForApp, asksForPerson }: Props) {
  return (
    <>
      {asksForPerson && user.hasPassword && (
        <Field label={m.two_factor_password()} hint={m.two_factor_password_hint()} error={form.errorOf('password')}>
          <PasswordInput {...form.register('password')} autoComplete="current-password" />
        </Field>
      )}
      {asksForPerson && !user.hasPassword && (
        <Field
          label={m.two_factor_mailed_code()}
          hint={m.two_factor_mailed_code_hint()}
          error={form.errorOf('mailedCode')}
          labelAction={<MailCodeButton />}
        >
          <TextInput {...form.register('mailedCode')} inputMode="numeric" autoComplete="one-time-code" dir="ltr" />
        </Field>
      )}
      {asksForApp && (
        <Field label={m.two_factor_old_code()} hint={m.two_factor_old_code_hint()} error={form.errorOf('appCode')}>
          <TextInput {...form.register('appCode')} autoComplete="off" spellCheck={false} dir="ltr" />
        </Field>
      )}
    </>
  )
}

function MailCodeButton() {
  const countdown = useCountdown()
  const [state, setState] = useState<{ isPending: boolean; sentence: string }>({ isPending: false, sentence: '' })
  async function send() {
    setState({ isPending: true, sentence: '' })
    try {
      await muster.auth.sendConfirmationCode()
      countdown.start(60)
      setState({ isPending: false, sentence: m.sign_in_resent() })
    } catch (error) {
      if (error instanceof MusterError && error.retryAfter !== undefined) countdown.start(error.retryAfter)
      setState({ isPending: false, sentence: errorSentence(error) })
    }
  }
  return (
    <span className="flex items-center gap-2">
      <span role="status" className="text-sm text-ink-3">
        {state.sentence}
      </span>
      <Button size="sm" isPending={state.isPending} isDisabled={countdown.secondsLeft > 0} onClick={send}>
        {countdown.secondsLeft > 0 ? clockOf(countdown.secondsLeft) : m.two_factor_mail_code()}
      </Button>
    </span>
  )
}
