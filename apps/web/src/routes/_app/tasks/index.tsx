import { createFileRoute } from '@tanstack/react-router'
import { type TaskSearch, taskSearch } from '../../../features/tasks/search.ts'
import { TasksPage } from '../../../features/tasks/tasks-page.tsx'
import { readByPage, usePageSearch } from '../../../lib/page-search.ts'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/tasks/')({
  validateSearch: readByPage<TaskSearch>,
  component: Tasks,
})

function Tasks() {
  const search = usePageSearch(taskSearch, Route.useSearch())
  const navigate = Route.useNavigate()
  const user = useUser()
  return <TasksPage {...{ search, user }} onSearch={(next) => void navigate({ search: next, resetScroll: false })} />
}
