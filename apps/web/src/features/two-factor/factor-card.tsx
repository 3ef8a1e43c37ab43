import type { TwoFactorState, User } from '@muster/client'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { ConfirmPersonDialog, confirmationOf, type Proof } from '../reauthentication/confirm-person-dialog.tsx'

const RecoveryCodes = lazy(async () => ({ default: (await import('./recovery-codes.tsx')).RecoveryCodes }))

const factorQuery = queryOptions({
  queryKey: ['two-factor', 'state'],
  queryFn: ({ signal }) => muster.auth.twoFactor({ signal }),
  // The page of the set-up changes it, and a sign-in may use up a recovery code.
  staleTime: 0,
})

/** So few recovery codes are a reason to make new ones. */
const fewCodes = 3

/** Shows the second factor, and turns it on, off, or onto another phone. */
export function FactorCard({ user }: { user: User }) {
  const factor = useQuery(factorQuery)
  return (
    <Card
      title={m.security_factor()}
      description={m.security_factor_text()}
      actions={
        factor.data && (
          <Badge tone={factor.data.method === 'none' ? 'neutral' : 'success'}>{methodLabel(factor.data.method)}</Badge>
        )
      }
    >
      {factor.data ? (
        <Factor user={user} state={factor.data} />
      ) : factor.error ? (
        <ErrorState error={factor.error} onRetry={factor.refetch} />
      ) : (
        <Skeleton className="h-24" />
      )}
    </Card>
  )
}

function methodLabel(method: TwoFactorState['method']): string {
  if (method === 'none') return m.security_factor_none()
  return method === 'totp' ? m.security_factor_app() : m.security_factor_mail()
}

/** Returns the proof as turning the factor off takes it, where `code` is the one of the factor. */
const factorConfirmationOf = ({ password, mailedCode, factorCode }: Proof) => ({
  ...(password !== '' && { password }),
  ...(mailedCode !== '' && { confirmationCode: mailedCode }),
  code: factorCode,
})

function Factor({ user, state: { method, requiredMethod, recoveryCodesLeft } }: { user: User; state: TwoFactorState }) {
  const [open, setOpen] = useState<'off' | 'codes' | null>(null)
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const readAgain = () => queryClient.invalidateQueries({ queryKey: factorQuery.queryKey })
  const setUp = (by: 'otp' | 'totp') => ({
    to: '/setup-factor' as const,
    search: { next: '/account/security', method: by },
  })
  return (
    <div className="flex flex-col gap-4">
      {requiredMethod !== 'none' && (
        <Notice>{m.security_factor_required({ method: methodLabel(requiredMethod) })}</Notice>
      )}
      {method === 'totp' && (
        <p className={recoveryCodesLeft <= fewCodes ? 'text-warning' : 'text-ink-2'}>
          {m.security_codes_left({ count: recoveryCodesLeft })}
        </p>
      )}
      <div className="flex flex-wrap gap-2.5">
        <ButtonLink {...setUp('totp')} variant={method === 'none' ? 'primary' : 'secondary'}>
          {method === 'totp' ? m.security_factor_other_phone() : m.security_factor_set_up_app()}
        </ButtonLink>
        {method === 'none' && <ButtonLink {...setUp('otp')}>{m.security_factor_set_up_mail()}</ButtonLink>}
        {method === 'totp' && <Button onClick={() => setOpen('codes')}>{m.security_codes_renew()}</Button>}
        {method !== 'none' && requiredMethod === 'none' && (
          <Button variant="ghost" onClick={() => setOpen('off')}>
            {m.security_factor_off()}
          </Button>
        )}
      </div>
      <ConfirmPersonDialog
        user={user}
        isDanger
        factor={method === 'none' ? undefined : method}
        title={m.security_factor_off_title()}
        description={m.security_factor_off_text()}
        submitLabel={m.security_factor_off()}
        open={open === 'off'}
        onOpenChange={(isOpen) => setOpen(isOpen ? 'off' : null)}
        onConfirm={async (proof) => {
          await muster.auth.disableTwoFactor(factorConfirmationOf(proof))
          toast({ kind: 'success', title: m.security_factor_is_off() })
          void readAgain()
        }}
      />
      <ConfirmPersonDialog
        user={user}
        title={m.security_codes_title()}
        description={m.security_codes_text()}
        submitLabel={m.security_codes_renew()}
        open={open === 'codes'}
        onOpenChange={(isOpen) => setOpen(isOpen ? 'codes' : null)}
        onConfirm={async (proof) => {
          setCodes(await muster.auth.renewRecoveryCodes(confirmationOf(proof)))
          void readAgain()
        }}
      />
      <Dialog
        isAlert
        title={m.security_codes_new()}
        open={codes !== null}
        // They are never shown again: only the button of the codes closes it.
        onOpenChange={() => undefined}
      >
        <Suspense>{codes && <RecoveryCodes codes={codes} email={user.email} onKept={() => setCodes(null)} />}</Suspense>
      </Dialog>
    </div>
  )
}
