import { createFileRoute } from '@tanstack/react-router'
import { TaskPage } from '../../../features/tasks/task-page.tsx'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/tasks/$taskId')({ component: TaskRoute })

function TaskRoute() {
  const { taskId } = Route.useParams()
  return <TaskPage taskId={taskId} user={useUser()} />
}
