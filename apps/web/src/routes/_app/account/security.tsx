import { createFileRoute } from '@tanstack/react-router'
import { ChangePasswordCard } from '../../../features/passwords/change-password-card.tsx'
import { GoogleCard } from '../../../features/sign-in/google-card.tsx'
import { FactorCard } from '../../../features/two-factor/factor-card.tsx'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/account/security')({ component: Security })

function Security() {
  const user = useUser()
  return (
    <>
      <ChangePasswordCard user={user} />
      <FactorCard user={user} />
      <GoogleCard user={user} />
    </>
  )
}
