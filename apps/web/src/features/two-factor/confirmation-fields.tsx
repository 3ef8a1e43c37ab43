import { MusterError, type User } from '@muster/client'
import { m } from '../../paraglide/messages.js'
import { Field, PasswordInput, TextInput } from '../../ui/field.tsx'
import type { MusterForm } from '../../ui/form.tsx'
import { MailCodeButton } from '../reauthentication/mail-code-button.tsx'

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
