import type { PublicUser } from '@muster/client'
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'

const blockedQuery = infiniteQueryOptions({
  queryKey: ['friends', 'blocked'],
  initialPageParam: 1,
  async queryFn({ pageParam, signal }) {
    const { items, pagination } = await muster.friends.blocked({ page: pageParam, limit: 50 }, { signal })
    return { items, pages: pagination.totalPages ?? 0 }
  },
  getNextPageParam: ({ pages }, _, page) => (page < pages ? page + 1 : undefined),
})

/** Lists the people whom somebody has blocked, and unblocks them. */
export function BlockedCard() {
  const blocked = useInfiniteQuery(blockedQuery)
  const people = blocked.data?.pages.flatMap(({ items }) => items)
  return (
    <Card isFlush title={m.privacy_blocked()} description={m.privacy_blocked_text()}>
      {people?.length === 0 && <p className="px-5 pt-1 pb-5 text-ink-3 sm:px-6">{m.privacy_blocked_empty()}</p>}
      {people && people.length > 0 && (
        <ul>
          {people.map((person) => (
            <BlockedPerson key={person.id} person={person} />
          ))}
        </ul>
      )}
      {!people && !blocked.error && <Skeleton className="mx-5 mb-5 h-12 sm:mx-6" />}
      {!people && blocked.error && <ErrorState error={blocked.error} onRetry={blocked.refetch} />}
      <LoadMore
        hasMore={blocked.hasNextPage}
        isLoading={blocked.isFetchingNextPage}
        onLoadMore={() => void blocked.fetchNextPage()}
        isAutomatic={false}
      />
    </Card>
  )
}

function BlockedPerson({ person }: { person: PublicUser }) {
  const [isPending, setIsPending] = useState(false)
  async function unblock() {
    setIsPending(true)
    try {
      await muster.friends.unblock(person.id)
      await queryClient.invalidateQueries({ queryKey: ['friends'] })
    } catch (error) {
      toast({ kind: 'error', title: errorSentence(error) })
    }
    setIsPending(false)
  }
  return (
    <li className="flex items-center gap-3 border-t border-line px-5 py-3 sm:px-6">
      <Avatar name={person.name} url={person.avatarUrl} />
      <div className="min-w-0 flex-1">
        <bdi className="block truncate font-medium">{person.name}</bdi>
        <bdi className="block truncate text-sm text-ink-3">@{person.username}</bdi>
      </div>
      <Button
        size="sm"
        isPending={isPending}
        aria-label={m.privacy_unblock_one({ name: person.name })}
        onClick={unblock}
      >
        {m.privacy_unblock()}
      </Button>
    </li>
  )
}
