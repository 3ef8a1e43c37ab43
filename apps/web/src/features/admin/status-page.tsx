import { useQuery } from '@tanstack/react-query'
import { m } from '../../paraglide/messages.js'
import { ErrorState } from '../../ui/error-state.tsx'
import { Page } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { queuesQuery } from '../admin-queues/queries.ts'
import { QueuesCard } from '../admin-queues/queues-card.tsx'

/** How Muster is doing, for operators. */
export function StatusPage() {
  const queues = useQuery(queuesQuery)
  return (
    <Page title={m.ops_queues_title()}>
      {queues.data ? (
        <QueuesCard queues={queues.data.queues} />
      ) : queues.error ? (
        <ErrorState error={queues.error} onRetry={queues.refetch} />
      ) : (
        <Skeleton className="h-72 rounded-xl" />
      )}
    </Page>
  )
}
