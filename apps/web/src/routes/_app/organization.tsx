import { createFileRoute } from '@tanstack/react-router'
import { OrganizationPage } from '../../features/organizations/organization-page.tsx'
import { type OrganizationSearch, organizationSearch } from '../../features/organizations/search.ts'
import { readByPage, usePageSearch } from '../../lib/page-search.ts'
import { useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/organization')({
  validateSearch: readByPage<OrganizationSearch>,
  component: Organization,
})

function Organization() {
  const navigate = Route.useNavigate()
  const search = usePageSearch(organizationSearch, Route.useSearch())
  return (
    <OrganizationPage
      search={search}
      user={useUser()}
      // Typing on is one step of the history.
      onSearch={(next, isTyping = false) =>
        void navigate({ search: next, resetScroll: false, replace: isTyping && Boolean(search.q && next.q) })
      }
    />
  )
}
