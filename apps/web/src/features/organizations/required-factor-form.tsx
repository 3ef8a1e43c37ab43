import type { Organization, User } from '@muster/client'
import { lazy, Suspense, useState } from 'react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { RadioGroup } from '../../ui/radio-group.tsx'
import { type RequiredFactor, requirementLabels } from './required-factor.ts'

const RequireFactorDialog = lazy(async () => ({
  default: (await import('./require-factor-dialog.tsx')).RequireFactorDialog,
}))

/** Chooses the second factor that members must have; what a change does is told before it is made. */
export function RequiredFactorForm({ user, organization }: { user: User; organization: Organization }) {
  const present = organization.twoFactorMethod
  const [chosen, setChosen] = useState<RequiredFactor>()
  const [isAsking, setIsAsking] = useState(false)
  const wanted = chosen ?? present
  return (
    <div className="flex flex-col gap-5">
      <RadioGroup
        isLabelHidden
        label={m.organizations_factor()}
        look="cards"
        value={wanted}
        onChange={setChosen}
        options={[
          { value: 'none', label: requirementLabels.none(), hint: m.organizations_require_none_hint() },
          { value: 'otp', label: requirementLabels.otp(), hint: m.organizations_require_otp_hint() },
          { value: 'totp', label: requirementLabels.totp(), hint: m.organizations_require_totp_hint() },
        ]}
      />
      <div className="flex justify-end gap-2">
        {wanted !== present && <Button onClick={() => setChosen(undefined)}>{m.ui_cancel()}</Button>}
        <Button variant="primary" isDisabled={wanted === present} onClick={() => setIsAsking(true)}>
          {m.organizations_factor_next()}
        </Button>
      </div>
      {isAsking && (
        <Suspense>
          <RequireFactorDialog
            {...{ user, present, wanted }}
            onClose={(isSaved) => {
              setIsAsking(false)
              if (isSaved) setChosen(undefined)
            }}
          />
        </Suspense>
      )}
    </div>
  )
}
