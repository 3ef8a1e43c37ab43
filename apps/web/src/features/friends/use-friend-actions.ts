import type { MusterError, PublicUser } from '@muster/client'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { useAction } from '../../lib/use-action.ts'
import { m } from '../../paraglide/messages.js'
import { useConfirm } from '../../ui/confirm.tsx'
import { toast } from '../../ui/toast.tsx'

/** Reads all lists of friends anew, and what depends on them. */
export const refreshFriends = () => queryClient.invalidateQueries({ queryKey: ['friends'] })

/** Returns the sentence for an error of friends where it can say more than elsewhere. */
export function friendErrorSentence({ code }: MusterError): string | undefined {
  if (code === 'CONFLICT') return m.friends_limits()
  return code === 'NOT_FOUND' ? m.friends_not_available() : undefined
}

/** Returns the actions on another user, and whether one of them is under way. */
export function useFriendActions({ id, name }: Pick<PublicUser, 'id' | 'name'>) {
  const { place, isPending, run } = useAction({ changes: ['friends'], sentenceOf: friendErrorSentence })
  const [isOpening, setIsOpening] = useState(false)
  const confirm = useConfirm()
  const navigate = useNavigate()

  return {
    place,
    isPending: isPending || isOpening,
    request: () =>
      run(async () => {
        const { status } = await muster.friends.request({ userId: id })
        return status === 'accepted' ? m.friends_now_friends({ name }) : m.friends_requested({ name })
      }),
    accept: (requestId: string) =>
      run(async () => {
        await muster.friends.accept(requestId)
        return m.friends_now_friends({ name })
      }),
    decline: (requestId: string) =>
      run(async () => {
        await muster.friends.decline(requestId)
        return m.friends_declined({ name })
      }),
    withdraw: () =>
      run(async () => {
        await muster.friends.remove(id)
        return m.friends_withdrawn({ name })
      }),
    unblock: () =>
      run(async () => {
        await muster.friends.unblock(id)
        return m.friends_unblocked({ name })
      }),
    async remove(): Promise<void> {
      const isSure = await confirm({
        title: m.friends_remove_title({ name }),
        text: m.friends_remove_text(),
        confirmLabel: m.friends_remove(),
        isDanger: true,
      })
      if (!isSure) return
      await run(async () => {
        await muster.friends.remove(id)
        return m.friends_removed({ name })
      })
    },
    async block(): Promise<void> {
      const isSure = await confirm({
        title: m.friends_block_title({ name }),
        text: m.friends_block_text(),
        confirmLabel: m.friends_block(),
        isDanger: true,
      })
      if (!isSure) return
      await run(async () => {
        await muster.friends.block(id)
        return m.friends_blocked({ name })
      })
    },
    /** Opens the direct chat with them, which begins where there is none. */
    async openChat(): Promise<void> {
      setIsOpening(true)
      try {
        const chat = await muster.chats.create({ type: 'direct', userId: id })
        await navigate({ href: `/chats/${chat.id}` })
      } catch (error) {
        toast({ kind: 'error', title: errorSentence(error) })
      }
      setIsOpening(false)
    },
  }
}
