import { createFileRoute } from '@tanstack/react-router'
import { ProfilePage } from '../../../features/profile/profile-page.tsx'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/account/profile')({ component: Profile })

function Profile() {
  return <ProfilePage user={useUser()} />
}
