import { createFileRoute, notFound } from '@tanstack/react-router'
import { OpsClosed } from '../../features/admin/ops-closed.tsx'
import { mayOpenOps } from '../../features/admin/rights.ts'
import { NotFoundPage } from '../../features/shell/error-pages.tsx'
import { knownSession, useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/ops')({
  async beforeLoad() {
    const session = await knownSession()
    // Before the parts of the pages are loaded.
    if (!('user' in session) || !mayOpenOps(session.user.role)) throw notFound({ routeId: '/_app/ops' })
  },
  notFoundComponent: NotHere,
})

function NotHere() {
  return mayOpenOps(useUser().role) ? <NotFoundPage /> : <OpsClosed />
}
