import { createFileRoute } from '@tanstack/react-router'
import { DataPage } from '../../../features/data-rights/data-page.tsx'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/account/data')({ component: Data })

function Data() {
  return <DataPage user={useUser()} />
}
