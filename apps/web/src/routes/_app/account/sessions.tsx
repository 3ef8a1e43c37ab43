import { createFileRoute } from '@tanstack/react-router'
import { SessionsPage } from '../../../features/sessions/sessions-page.tsx'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/account/sessions')({ component: Sessions })

function Sessions() {
  return <SessionsPage timeZone={useUser().timezone} />
}
