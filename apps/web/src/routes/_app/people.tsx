import { createFileRoute } from '@tanstack/react-router'
import { PeoplePage } from '../../features/friends/people-page.tsx'
import { type PeopleSearch, peopleSearch } from '../../features/friends/search.ts'
import { readByPage, usePageSearch } from '../../lib/page-search.ts'
import { useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/people')({
  validateSearch: readByPage<PeopleSearch>,
  component: People,
})

function People() {
  const navigate = Route.useNavigate()
  const search = usePageSearch(peopleSearch, Route.useSearch())
  return (
    <PeoplePage
      search={search}
      user={useUser()}
      // Typing on is one step of the history.
      onSearch={(next, isTyping = false) =>
        void navigate({ search: next, resetScroll: false, replace: isTyping && Boolean(search.q && next.q) })
      }
    />
  )
}
