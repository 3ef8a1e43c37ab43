import { createFileRoute } from '@tanstack/react-router'
import { OrganizationsPage } from '../../../../features/admin-organizations/organizations-page.tsx'
import { type OrganizationsSearch, organizationsSearch } from '../../../../features/admin-organizations/search.ts'
import { readByPage, usePageSearch } from '../../../../lib/page-search.ts'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/organizations/')({
  validateSearch: readByPage<OrganizationsSearch>,
  component: Organizations,
})

function Organizations() {
  const navigate = Route.useNavigate()
  const search = usePageSearch(organizationsSearch, Route.useSearch())
  return (
    <OrganizationsPage
      search={search}
      timeZone={useUser().timezone}
      // Typing on is one step of the history.
      onSearch={(next, isTyping = false) =>
        void navigate({ search: next, resetScroll: false, replace: isTyping && Boolean(search.q && next.q) })
      }
    />
  )
}
