import { createFileRoute } from '@tanstack/react-router'
import { TracePage } from '../../../../features/request-trace/trace-page.tsx'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/trace/$requestId')({ component: Trace })

function Trace() {
  const { requestId } = Route.useParams()
  return <TracePage key={requestId} requestId={requestId} user={useUser()} />
}
