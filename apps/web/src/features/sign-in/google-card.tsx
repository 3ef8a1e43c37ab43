import type { User } from '@muster/client'
import { useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { toast } from '../../ui/toast.tsx'
import { ConfirmPersonDialog, confirmationOf } from '../reauthentication/confirm-person-dialog.tsx'
import { useAuthConfig } from './auth-config.ts'
import { GoogleButton } from './google-button.tsx'

/** Links a Google account, or unlinks it. Nothing where the installation has no sign-in with Google and none is linked. */
export function GoogleCard({ user }: { user: User }) {
  const [isOpen, setIsOpen] = useState(false)
  const google = useAuthConfig().data?.google
  const isLinked = user.authProviders.includes('google')
  if (!google && !isLinked) return null
  return (
    <Card
      title={m.security_google()}
      description={m.security_google_text({ email: user.email })}
      actions={isLinked && <Badge tone="success">{m.security_google_linked()}</Badge>}
    >
      {!isLinked && google && <GoogleButton href={muster.auth.googleUrl()} label={m.security_google_link()} />}
      {isLinked && !user.hasPassword && <p className="text-ink-2">{m.security_google_password_first()}</p>}
      {isLinked && user.hasPassword && <Button onClick={() => setIsOpen(true)}>{m.security_google_unlink()}</Button>}
      <ConfirmPersonDialog
        user={user}
        asksLate
        title={m.security_google_unlink_title()}
        description={m.security_google_unlink_text()}
        submitLabel={m.security_google_unlink()}
        open={isOpen}
        onOpenChange={setIsOpen}
        onConfirm={async (proof) => {
          await muster.auth.unlinkGoogle(confirmationOf(proof))
          toast({ kind: 'success', title: m.security_google_unlinked() })
          // The profile says which ways to sign in are left.
          await muster.users.me().catch(() => undefined)
        }}
      />
    </Card>
  )
}
