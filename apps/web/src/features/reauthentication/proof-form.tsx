import { useState } from 'react'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Field, PasswordInput, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { asksWho } from '../two-factor/confirmation-fields.tsx'
import type { ConfirmPersonDialogProps, Proof } from './confirm-person-dialog.tsx'
import { MailCodeButton } from './mail-code-button.tsx'

const schema = z.object({ password: z.string(), mailedCode: z.string(), factorCode: z.string() })
const nothing: Proof = { password: '', mailedCode: '', factorCode: '' }

/** The fields by which somebody proves again who they are, and what is done then. */
export default function ProofForm(props: ConfirmPersonDialogProps) {
  const { user, submitLabel, isDanger, onOpenChange, asksLate = false, factor, onConfirm } = props
  const [asksForPerson, setAsksForPerson] = useState(!asksLate)
  // The mailed factor of an account without a password is the same code as the mailed proof.
  const asksForMail = asksForPerson && !user.hasPassword && factor !== 'otp'
  const first = asksForMail ? 'mailedCode' : asksForPerson && user.hasPassword ? 'password' : 'factorCode'
  const form = useMusterForm(schema, {
    defaultValues: nothing,
    fieldNames: {
      currentPassword: 'password',
      confirmationCode: 'mailedCode',
      code: factor === undefined ? 'mailedCode' : 'factorCode',
    },
    sentenceOf: ({ code }) => (code === 'INVALID_CREDENTIALS' ? m.faults_wrong_password() : undefined),
    async onSubmit(proof) {
      try {
        await onConfirm(proof)
      } catch (error) {
        if (!asksForPerson && asksWho(error)) return setAsksForPerson(true)
        throw error
      }
      onOpenChange(false)
    },
  })
  const mailedCodeField = (name: 'mailedCode' | 'factorCode') => (
    <Field
      label={m.reauthentication_mailed_code()}
      hint={m.reauthentication_mailed_code_hint({ email: user.email })}
      error={form.errorOf(name)}
      labelAction={<MailCodeButton />}
    >
      <TextInput
        {...form.register(name)}
        inputMode="numeric"
        autoComplete="one-time-code"
        dir="ltr"
        autoFocus={first === name}
      />
    </Field>
  )
  return (
    <Form form={form}>
      {asksForPerson && user.hasPassword && (
        <Field label={m.reauthentication_password()} error={form.errorOf('password')}>
          <PasswordInput {...form.register('password')} autoComplete="current-password" autoFocus />
        </Field>
      )}
      {asksForMail && mailedCodeField('mailedCode')}
      {factor === 'otp' && mailedCodeField('factorCode')}
      {factor === 'totp' && (
        <Field
          label={m.reauthentication_app_code()}
          hint={m.reauthentication_app_code_hint()}
          error={form.errorOf('factorCode')}
        >
          <TextInput
            {...form.register('factorCode')}
            autoComplete="off"
            spellCheck={false}
            dir="ltr"
            autoFocus={first === 'factorCode'}
          />
        </Field>
      )}
      <FormError form={form} />
      <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
        <Button onClick={() => onOpenChange(false)}>{m.ui_cancel()}</Button>
        <SubmitButton form={form} variant={isDanger ? 'danger' : 'primary'}>
          {submitLabel}
        </SubmitButton>
      </div>
    </Form>
  )
}
