import { createFileRoute } from '@tanstack/react-router'
import { isQueueName } from '../../../../features/admin-queues/queue-names.ts'
import { QueuePage } from '../../../../features/admin-queues/queue-page.tsx'
import { type QueueSearch, queueSearch } from '../../../../features/admin-queues/search.ts'
import { NotFoundPage } from '../../../../features/shell/error-pages.tsx'
import { readByPage, usePageSearch } from '../../../../lib/page-search.ts'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/queues/$queue')({
  validateSearch: readByPage<QueueSearch>,
  component: Queue,
})

function Queue() {
  const { queue } = Route.useParams()
  const search = usePageSearch(queueSearch, Route.useSearch())
  const navigate = Route.useNavigate()
  const user = useUser()
  if (!isQueueName(queue)) return <NotFoundPage />
  return (
    <QueuePage
      key={queue}
      {...{ queue, user, search }}
      onSearch={(next) => void navigate({ search: next, resetScroll: false })}
    />
  )
}
