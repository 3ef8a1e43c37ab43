import { createFileRoute } from '@tanstack/react-router'
import { OrganizationPage } from '../../features/organizations/organization-page.tsx'
import { type OrganizationSearch, organizationSearch } from '../../features/organizations/search.ts'
import { useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/organization')({
  validateSearch: (given): OrganizationSearch => organizationSearch.parse(given),
  component: Organization,
})

function Organization() {
  const navigate = Route.useNavigate()
  const search = Route.useSearch()
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
