import type { Chat, ChatHandle, ChatSnapshot, Message } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'
import { chatMembersQuery } from './queries.ts'

const ignore = () => undefined

/** Opens a chat for as long as the page shows it; also again when its user was added to it anew. */
export function useChat(chatId: string): { handle: ChatHandle; snapshot: ChatSnapshot } {
  const handle = live.chat(chatId)
  const snapshot = useStore(handle)
  // What fails, the snapshot says.
  useEffect(() => {
    handle.open().catch(ignore)
    return () => handle.close()
  }, [handle])
  const isAddedAgain = snapshot.status === 'ended' && snapshot.chat !== undefined
  useEffect(() => {
    if (isAddedAgain) handle.open().catch(ignore)
  }, [handle, isAddedAgain])
  // No event tells that one of the two blocked the other, or that they became friends again.
  const isDirect = snapshot.status === 'ready' && snapshot.chat?.kind === 'direct'
  useEffect(() => {
    if (isDirect) handle.refresh().catch(ignore)
  }, [handle, isDirect])
  return { handle, snapshot }
}

/** A person as others see them in a chat. */
export type Person = { id: string; name: string; username: string; avatarUrl: string | null }

/** Returns who is known in a chat by id: its members, and who has written in it. */
export function usePeople(chat: Chat, messages: readonly Message[]): ReadonlyMap<string, Person> {
  const isGroup = chat.kind === 'group'
  const members = useQuery({ ...chatMembersQuery(chat.id), enabled: isGroup })
  return useMemo(() => {
    const senders = messages.map(({ sender }) => sender)
    const listed = [...chat.members, ...(members.data ?? [])].map(({ user }) => user)
    return new Map([...senders, ...listed].map((person) => [person.id, person]))
  }, [chat.members, members.data, messages])
}
