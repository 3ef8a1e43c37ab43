import { createFileRoute } from '@tanstack/react-router'
import { StatusPage } from '../../../features/admin/status-page.tsx'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/')({ component: Status })

function Status() {
  return <StatusPage user={useUser()} />
}
