import { createFileRoute, type ErrorComponentProps, Outlet } from '@tanstack/react-router'
import { NotForRoleError } from '../../features/admin/not-for-role-error.ts'
import { OpsClosed } from '../../features/admin/ops-closed.tsx'
import { mayOpenOps } from '../../features/admin/rights.ts'
import { useRoleOfRefusals } from '../../features/admin/use-role-of-refusals.ts'
import { ErrorPage } from '../../features/shell/error-pages.tsx'
import { knownSession, useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/ops')({
  async beforeLoad() {
    const session = await knownSession()
    // Before the parts of the pages are loaded.
    if (!('user' in session) || !mayOpenOps(session.user.role)) throw new NotForRoleError()
  },
  component: Ops,
  errorComponent: OpsError,
})

function Ops() {
  useRoleOfRefusals()
  return mayOpenOps(useUser().role) ? <Outlet /> : <OpsClosed />
}

function OpsError(props: ErrorComponentProps) {
  return props.error instanceof NotForRoleError ? <OpsClosed /> : <ErrorPage {...props} />
}
