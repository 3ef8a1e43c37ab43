import { createFileRoute } from '@tanstack/react-router'
import { TodayPage } from '../../features/tasks/today-page.tsx'
import { useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/')({ component: Today })

function Today() {
  return <TodayPage user={useUser()} />
}
