import { createFileRoute } from '@tanstack/react-router'
import { InboxPage } from '../../features/notifications/inbox-page.tsx'
import { type InboxSearch, inboxSearch } from '../../features/notifications/search.ts'
import { readByPage, usePageSearch } from '../../lib/page-search.ts'
import { useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/inbox')({
  validateSearch: readByPage<InboxSearch>,
  component: Inbox,
})

function Inbox() {
  const navigate = Route.useNavigate()
  return (
    <InboxPage
      search={usePageSearch(inboxSearch, Route.useSearch())}
      user={useUser()}
      onSearch={(next) => void navigate({ search: next, resetScroll: false })}
    />
  )
}
