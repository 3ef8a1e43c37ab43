import type { ChatHandle, UserSummary } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { isolated } from '../../lib/isolated.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { relationsQuery } from '../friends/queries.ts'
import { useFriendActions } from '../friends/use-friend-actions.ts'

/** Says why nobody can write in a direct chat. Who has blocked the other can take it back here. */
export function ReadOnlyNotice({ other, handle }: { other: UserSummary; handle: ChatHandle }) {
  const relations = useQuery(relationsQuery)
  const { isPending, unblock } = useFriendActions(other)
  const name = isolated(other.name)
  const isBlockedByMe = relations.data?.get(other.id)?.kind === 'blocked'
  return (
    <div data-composer className="border-t border-line bg-surface p-3 sm:p-4">
      <Notice
        tone="warning"
        action={
          isBlockedByMe && (
            <Button size="sm" isPending={isPending} onClick={() => void unblock().then(() => handle.refresh())}>
              {m.privacy_unblock()}
            </Button>
          )
        }
      >
        {isBlockedByMe ? m.chats_blocked_by_me({ name }) : m.chats_read_only({ name })}
      </Notice>
    </div>
  )
}
