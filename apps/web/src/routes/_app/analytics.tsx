import { createFileRoute } from '@tanstack/react-router'
import { AnalyticsPage } from '../../features/analytics/analytics-page.tsx'
import { useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/analytics')({ component: Analytics })

function Analytics() {
  return <AnalyticsPage user={useUser()} />
}
