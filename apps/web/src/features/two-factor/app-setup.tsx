import { type AuthenticatorAppSetup, MusterError, type User } from '@muster/client'
import { ExternalLink } from 'lucide-react'
import { useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button, ExternalButtonLink } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { CodeField } from '../sign-in/code-field.tsx'
import { asksWho, ConfirmationFields, noConfirmation } from './confirmation-fields.tsx'

const beginSchema = z.object({ password: z.string(), mailedCode: z.string(), appCode: z.string() })
const codeSchema = z.object({ code: z.string().check(z.minLength(1)) })

type Props = { user: User; onDone: (recoveryCodes: readonly string[]) => void }

/** Sets up an authenticator app, also in the place of one that is in use. */
export function AppSetup({ user, onDone }: Props) {
  const [setup, setSetup] = useState<AuthenticatorAppSetup | null>(null)
  if (setup) return <FirstCode setup={setup} onDone={onDone} onAgain={() => setSetup(null)} />
  return <Begin user={user} onBegun={setSetup} />
}

function Begin({ user, onBegun }: { user: User; onBegun: (setup: AuthenticatorAppSetup) => void }) {
  const isReplaced = user.twoFactorMethod === 'totp'
  const [asksForPerson, setAsksForPerson] = useState(isReplaced)
  const form = useMusterForm(beginSchema, {
    defaultValues: noConfirmation,
    fieldNames: { confirmationCode: 'mailedCode', code: 'appCode' },
    async onSubmit({ password, mailedCode, appCode }) {
      const person = user.hasPassword ? { password } : { confirmationCode: mailedCode }
      const body = { ...(asksForPerson && person), ...(isReplaced && { code: appCode }) }
      try {
        onBegun(await muster.auth.setUpAuthenticatorApp(body))
      } catch (error) {
        if (!asksForPerson && asksWho(error)) return setAsksForPerson(true)
        throw error
      }
    },
  })
  return (
    <Form form={form}>
      <ol className="flex list-decimal flex-col gap-2 ps-5 text-ink-2 marker:font-semibold marker:text-accent">
        <li>{m.two_factor_step_install()}</li>
        <li>{m.two_factor_step_scan()}</li>
        <li>{m.two_factor_step_keep()}</li>
      </ol>
      <ConfirmationFields user={user} form={form} asksForApp={isReplaced} asksForPerson={asksForPerson} />
      <FormError form={form} />
      <SubmitButton form={form} size="lg" isWide>
        {m.two_factor_begin()}
      </SubmitButton>
    </Form>
  )
}

type CodeProps = {
  setup: AuthenticatorAppSetup
  onDone: (recoveryCodes: readonly string[]) => void
  onAgain: () => void
}

function FirstCode({ setup, onDone, onAgain }: CodeProps) {
  const form = useMusterForm(codeSchema, {
    defaultValues: { code: '' },
    onSubmit: async ({ code }) => onDone(await muster.auth.confirmAuthenticatorApp({ code })),
  })
  const hasExpired = form.formError?.error instanceof MusterError && form.formError.error.code === 'CONFLICT'
  return (
    <Form form={form}>
      <div className="flex flex-col items-center gap-5 sm:flex-row sm:items-start">
        {/* Readers of QR codes need dark on light, in both themes. */}
        <img
          src={setup.qrCode}
          alt={m.two_factor_qr_alt()}
          width={192}
          height={192}
          className="size-48 shrink-0 rounded-lg border border-line bg-white p-2 [image-rendering:pixelated]"
        />
        <div className="flex w-full min-w-0 flex-col gap-3">
          <p className="text-ink-2">{m.two_factor_scan()}</p>
          <p className="text-sm text-ink-3">{m.two_factor_secret()}</p>
          <code
            dir="ltr"
            className="rounded-md bg-raised px-3 py-2 font-mono text-[0.9375rem] tracking-wide break-all select-all"
          >
            {setup.secret.replace(/(.{4})(?=.)/g, '$1 ')}
          </code>
          <div className="flex flex-wrap gap-2">
            <CopyButton text={setup.secret} size="sm" />
            <ExternalButtonLink href={setup.otpauthUrl} size="sm" icon={<ExternalLink aria-hidden="true" />}>
              {m.two_factor_open_app()}
            </ExternalButtonLink>
          </div>
        </div>
      </div>
      <CodeField form={form} name="code" label={m.two_factor_first_code()} hint={m.two_factor_first_code_hint()} />
      <FormError
        form={form}
        action={
          hasExpired && (
            <Button size="sm" onClick={onAgain}>
              {m.two_factor_again()}
            </Button>
          )
        }
      />
      <SubmitButton form={form} size="lg" isWide>
        {m.two_factor_turn_on()}
      </SubmitButton>
    </Form>
  )
}
