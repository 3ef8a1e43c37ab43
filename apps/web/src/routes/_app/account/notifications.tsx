import { createFileRoute } from '@tanstack/react-router'
import { PreferencesPage } from '../../../features/notifications/preferences-page.tsx'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/account/notifications')({ component: Notifications })

function Notifications() {
  return <PreferencesPage timeZone={useUser().timezone} />
}
