import { createFileRoute } from '@tanstack/react-router'
import { AccessLogCard } from '../../../features/data-rights/access-log-card.tsx'
import { BlockedCard } from '../../../features/friends/blocked-card.tsx'
import { VisibilityCard } from '../../../features/profile/visibility-card.tsx'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/account/privacy')({ component: Privacy })

function Privacy() {
  const { timezone } = useUser()
  return (
    <>
      <VisibilityCard />
      <BlockedCard />
      <AccessLogCard timeZone={timezone} />
    </>
  )
}
