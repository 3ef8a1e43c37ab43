import { createFileRoute } from '@tanstack/react-router'
import { PersonPage } from '../../../../features/admin-users/person-page.tsx'
import { type PersonSearch, personSearch } from '../../../../features/admin-users/search.ts'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/people/$userId')({
  validateSearch: (given): PersonSearch => personSearch.parse(given),
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
      search={Route.useSearch()}
      onSearch={(search) => void navigate({ search, resetScroll: false })}
    />
  )
}
