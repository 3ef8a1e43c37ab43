import type { Chat, ChatHandle, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { chatName, isolated, otherOf } from './names.ts'
import { blockedIdsQuery } from './queries.ts'

/** Says why nobody can write in a direct chat. Who has blocked the other can take it back here. */
export function ReadOnlyNotice({ chat, user, handle }: { chat: Chat; user: User; handle: ChatHandle }) {
  const blocked = useQuery(blockedIdsQuery)
  const [isPending, setIsPending] = useState(false)
  const other = otherOf(chat, user.id)
  const name = isolated(chatName(chat, user.id))
  const isBlockedByMe = other !== undefined && (blocked.data?.has(other.id) ?? false)
  async function unblock(userId: string): Promise<void> {
    setIsPending(true)
    try {
      await muster.friends.unblock(userId)
      await Promise.all([queryClient.invalidateQueries({ queryKey: ['friends'] }), handle.refresh()])
    } catch (error) {
      toast({ kind: 'error', title: errorSentence(error) })
    }
    setIsPending(false)
  }
  return (
    <div className="border-t border-line bg-surface p-3 sm:p-4">
      <Notice
        tone="warning"
        action={
          isBlockedByMe && (
            <Button size="sm" isPending={isPending} onClick={() => void unblock(other.id)}>
              {m.chats_unblock()}
            </Button>
          )
        }
      >
        {isBlockedByMe ? m.chats_blocked_by_me({ name }) : m.chats_read_only({ name })}
      </Notice>
    </div>
  )
}
