import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ownPath } from '../../lib/next-path.ts'
import { useSession } from '../../lib/session.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { PublicCard } from '../shell/public-frame.tsx'
import { signOut } from '../shell/sign-out.ts'
import { AppSetup } from './app-setup.tsx'
import { MailSetup } from './mail-setup.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

/** Sets up a second factor: by choice, or because the organization requires one. */
export function SetupFactorPage({ next, method }: { next: string | undefined; method: 'otp' | 'totp' | undefined }) {
  const session = useSession()
  const navigate = useNavigate()
  const [recoveryCodes, setRecoveryCodes] = useState<readonly string[] | null>(null)
  // The session forgets the requirement as soon as it is met.
  const [required] = useState(session.status === 'set-up-required' ? session.factor : null)
  if (!('user' in session)) return null
  const { user } = session
  const isMail = (required ?? method ?? 'totp') === 'otp'
  const finish = () => navigate({ href: ownPath(next), replace: true })

  if (recoveryCodes)
    return (
      <PublicCard title={m.two_factor_recovery_title()} text={m.two_factor_recovery_text()} width="md">
        <RecoveryCodes codes={recoveryCodes} email={user.email} onKept={finish} />
      </PublicCard>
    )
  return (
    <PublicCard
      width="md"
      title={isMail ? m.two_factor_mail_title() : m.two_factor_app_title()}
      text={isMail ? m.two_factor_mail_text() : m.two_factor_app_text()}
      footer={
        required ? (
          <Button variant="ghost" onClick={() => void signOut().then(() => navigate({ to: '/login', search: {} }))}>
            {m.shell_sign_out()}
          </Button>
        ) : (
          <Button variant="ghost" onClick={finish}>
            {m.two_factor_later()}
          </Button>
        )
      }
    >
      {required && (
        <Notice className="mb-6" title={m.two_factor_required_title()}>
          {m.two_factor_required_text()}
        </Notice>
      )}
      {isMail ? (
        <MailSetup
          user={user}
          onDone={() => {
            toast({ kind: 'success', title: m.two_factor_mail_done() })
            void finish()
          }}
        />
      ) : (
        <AppSetup user={user} onDone={setRecoveryCodes} />
      )}
    </PublicCard>
  )
}
