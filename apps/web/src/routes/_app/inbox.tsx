import { createFileRoute } from '@tanstack/react-router'
import { InboxPage } from '../../features/notifications/inbox-page.tsx'
import { type InboxSearch, inboxSearch } from '../../features/notifications/search.ts'
import { useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/inbox')({
  validateSearch: (given): InboxSearch => inboxSearch.parse(given),
  component: Inbox,
})

function Inbox() {
  const navigate = Route.useNavigate()
  return (
    <InboxPage
      search={Route.useSearch()}
      user={useUser()}
      onSearch={(next) => void navigate({ search: next, resetScroll: false })}
    />
  )
}
