import type { FriendRequest } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { MailQuestion } from 'lucide-react'
import { formatRelative } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { PersonListSkeleton } from '../accounts/person-list.tsx'
import { PersonRow } from '../accounts/person-row.tsx'
import { requestsQuery } from './queries.ts'
import { useFriendActions } from './use-friend-actions.ts'

/** At most so many of each direction come from the API. */
const maxRequests = 100

/** The open requests, those to the user and those of the user. */
export function RequestsView({ onAdd }: { onAdd: () => void }) {
  const { data, error, refetch } = useQuery(requestsQuery)
  if (!data && error) return <ErrorState error={error} onRetry={refetch} />
  if (!data) return <PersonListSkeleton rows={3} />
  const { incoming, outgoing } = data
  if (incoming.length + outgoing.length === 0)
    return (
      <EmptyState
        icon={<MailQuestion />}
        title={m.friends_requests_empty_title()}
        text={m.friends_requests_empty_text()}
        action={<Button onClick={onAdd}>{m.friends_add_title()}</Button>}
      />
    )
  return (
    <div className="flex flex-col gap-6">
      <RequestCard title={m.friends_received()} empty={m.friends_received_empty()} requests={incoming} />
      <RequestCard title={m.friends_sent()} empty={m.friends_sent_empty()} requests={outgoing} />
    </div>
  )
}

type CardProps = { title: string; empty: string; requests: readonly FriendRequest[] }

function RequestCard({ title, empty, requests }: CardProps) {
  return (
    <Card isFlush title={title} className="overflow-hidden">
      {requests.length === 0 && <p className="px-5 pt-1 pb-5 text-ink-3 sm:px-6">{empty}</p>}
      {requests.length > 0 && (
        <ul aria-label={title} className="border-t border-line">
          {requests.map((request) => (
            <li key={request.id}>
              <RequestRow request={request} />
            </li>
          ))}
        </ul>
      )}
      {requests.length === maxRequests && (
        <p className="border-t border-line px-5 py-3 text-sm text-ink-3 sm:px-6">
          {m.friends_newest({ count: maxRequests })}
        </p>
      )}
    </Card>
  )
}

function RequestRow({ request: { id, direction, user, createdAt } }: { request: FriendRequest }) {
  const actions = useFriendActions(user)
  const { name } = user
  return (
    <PersonRow
      person={user}
      note={<time dateTime={createdAt}>{formatRelative(createdAt)}</time>}
      actions={
        <div ref={actions.place} className="flex items-center gap-1.5">
          {direction === 'incoming' ? (
            <>
              <Button
                size="sm"
                variant="primary"
                isPending={actions.isPending}
                aria-label={m.friends_accept_one({ name })}
                onClick={() => void actions.accept(id)}
              >
                {m.friends_accept()}
              </Button>
              <Button
                size="sm"
                isDisabled={actions.isPending}
                aria-label={m.friends_decline_one({ name })}
                onClick={() => void actions.decline(id)}
              >
                {m.friends_decline()}
              </Button>
            </>
          ) : (
            <Button
              size="sm"
              isPending={actions.isPending}
              aria-label={m.friends_withdraw_one({ name })}
              onClick={() => void actions.withdraw()}
            >
              {m.friends_withdraw()}
            </Button>
          )}
        </div>
      }
    />
  )
}
