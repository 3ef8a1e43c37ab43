import { createFileRoute } from '@tanstack/react-router'
import { AnyOrganizationPage } from '../../../../features/admin-organizations/organization-page.tsx'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/organizations/$organizationId')({ component: Organization })

function Organization() {
  const { organizationId } = Route.useParams()
  return <AnyOrganizationPage key={organizationId} organizationId={organizationId} reader={useUser()} />
}
