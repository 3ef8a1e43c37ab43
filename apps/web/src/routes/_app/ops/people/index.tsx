import { createFileRoute } from '@tanstack/react-router'
import { type UsersSearch, usersSearch } from '../../../../features/admin-users/search.ts'
import { UsersPage } from '../../../../features/admin-users/users-page.tsx'
import { readByPage, usePageSearch } from '../../../../lib/page-search.ts'

export const Route = createFileRoute('/_app/ops/people/')({
  validateSearch: readByPage<UsersSearch>,
  component: People,
})

function People() {
  const navigate = Route.useNavigate()
  const search = usePageSearch(usersSearch, Route.useSearch())
  return (
    <UsersPage
      search={search}
      // Typing on is one step of the history.
      onSearch={(next, isTyping = false) =>
        void navigate({ search: next, resetScroll: false, replace: isTyping && Boolean(search.q && next.q) })
      }
    />
  )
}
