import { createFileRoute } from '@tanstack/react-router'
import { OpsInvitesPage } from '../../../features/admin-invites/invites-page.tsx'
import { type OpsInvitesSearch, opsInvitesSearch } from '../../../features/admin-invites/search.ts'
import { readByPage, usePageSearch } from '../../../lib/page-search.ts'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/invites')({
  validateSearch: readByPage<OpsInvitesSearch>,
  component: Invites,
})

function Invites() {
  const navigate = Route.useNavigate()
  const search = usePageSearch(opsInvitesSearch, Route.useSearch())
  return (
    <OpsInvitesPage
      search={search}
      reader={useUser()}
      // Typing on is one step of the history.
      onSearch={(next, isTyping = false) =>
        void navigate({ search: next, resetScroll: false, replace: isTyping && Boolean(search.q && next.q) })
      }
    />
  )
}
