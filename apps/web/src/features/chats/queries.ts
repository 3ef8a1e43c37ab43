import type { ListedChatMember, Message, PublicUser } from '@muster/client'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'

/** Messages with these words, the newest first; those of one chat with `chatId`. */
export const foundMessagesQuery = (q: string, chatId?: string) =>
  infiniteQueryOptions({
    queryKey: ['chats', 'search', q, chatId],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }): Promise<{ messages: Message[]; nextCursor: string | null }> {
      const { items, pagination } = await muster.chats.search(
        { q, ...(chatId && { chatId }), ...(pageParam && { cursor: pageParam }) },
        { signal },
      )
      return { messages: items, nextCursor: pagination.nextCursor }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })

/** A group has at most so many members. */
const maxMembers = 1_000

/** All members of a chat. */
export const chatMembersQuery = (chatId: string) =>
  queryOptions({
    queryKey: ['chats', 'members', chatId],
    queryFn: ({ signal }): Promise<ListedChatMember[]> =>
      muster.chats.members(chatId, { limit: 100 }, { signal }).toArray({ max: maxMembers }),
  })

/** A message that the page has not read, such as the one to which an unsent text replies. */
export const messageQuery = (chatId: string, messageId: string) =>
  queryOptions({
    queryKey: ['chats', 'message', chatId, messageId],
    queryFn: ({ signal }) => muster.chats.message(chatId, messageId, { signal }),
  })

/** So many people are offered before somebody types a name. */
const maxOffered = 100

/**
 * The people to whom the user can write: friends, and the members of their organization. With words, those whose name has them; then also
 * the one user with exactly this username, to whom only friends can write.
 * @param only `organization` leaves out friends of elsewhere, for groups of an organization
 */
export const peopleQuery = (
  q: string,
  { organizationId, only }: { organizationId: string | null; only?: 'organization' },
) =>
  queryOptions({
    queryKey: ['friends', 'people', q, organizationId, only],
    async queryFn({ signal }): Promise<Pick<PublicUser, 'id' | 'name' | 'username' | 'avatarUrl' | 'status'>[]> {
      const colleagues =
        organizationId === null
          ? []
          : await muster.organization
              .members({ ...(q && { q }), limit: maxOffered }, { signal })
              .toArray({ max: maxOffered })
      const active = colleagues.filter(({ isActive }) => isActive)
      if (only === 'organization') return active
      const others =
        q === ''
          ? await muster.friends.list({ limit: maxOffered }, { signal }).toArray({ max: maxOffered })
          : await muster.users.search({ q }, { signal })
      const known = new Map([...active, ...others].map((person) => [person.id, person]))
      return [...known.values()].sort((one, other) => one.name.localeCompare(other.name))
    },
    staleTime: 60_000,
  })

/** The organization of the user; null without one. */
export const organizationQuery = (organizationId: string | null) =>
  queryOptions({
    queryKey: ['organization', organizationId],
    queryFn: ({ signal }) => (organizationId === null ? null : muster.organization.get({ signal })),
    staleTime: 5 * 60_000,
  })
