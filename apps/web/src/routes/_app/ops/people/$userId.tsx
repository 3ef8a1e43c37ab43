import { createFileRoute } from '@tanstack/react-router'
import { PersonPage } from '../../../../features/admin-users/person-page.tsx'
import { type PersonSearch, personSearch } from '../../../../features/admin-users/search.ts'
import { readByPage, usePageSearch } from '../../../../lib/page-search.ts'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/people/$userId')({
  validateSearch: readByPage<PersonSearch>,
  component: Person,
})

function Person() {
  const navigate = Route.useNavigate()
  const { userId } = Route.useParams()
  return (
    <PersonPage
      key={userId}
      userId={userId}
      reader={useUser()}
      search={usePageSearch(personSearch, Route.useSearch())}
      onSearch={(search) => void navigate({ search, resetScroll: false })}
    />
  )
}
