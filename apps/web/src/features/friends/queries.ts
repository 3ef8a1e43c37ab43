import type { PublicUser } from '@muster/client'
import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'
import type { NumberedList } from '../../lib/numbered-pages.ts'

/** How the user stands to another one, as far as the user may know. */
export type Relation =
  | { kind: 'none' | 'friend' | 'requested' | 'blocked' }
  /** The other one has sent a request. */
  | { kind: 'received'; requestId: string }

export const friendsList: NumberedList<PublicUser> = {
  queryKey: ['friends', 'list'],
  read: (query, options) => muster.friends.list(query, options),
}

export const requestsQuery = queryOptions({
  queryKey: ['friends', 'requests'],
  queryFn: ({ signal }) => muster.friends.requests({ signal }),
})

/** The API bounds friends and blocked users by the same number. */
const maxBonds = 1_000

/** How the user stands to everybody to whom they stand in a relation. */
export const relationsQuery = queryOptions({
  queryKey: ['friends', 'relations'],
  async queryFn({ signal }): Promise<ReadonlyMap<string, Relation>> {
    const [friends, blocked, { incoming, outgoing }] = await Promise.all([
      muster.friends.list({ limit: 100 }, { signal }).toArray({ max: maxBonds }),
      muster.friends.blocked({ limit: 100 }, { signal }).toArray({ max: maxBonds }),
      muster.friends.requests({ signal }),
    ])
    return new Map<string, Relation>([
      ...friends.map(({ id }) => [id, { kind: 'friend' }] as const),
      ...outgoing.map(({ user }) => [user.id, { kind: 'requested' }] as const),
      ...incoming.map(({ id, user }) => [user.id, { kind: 'received', requestId: id }] as const),
      ...blocked.map(({ id }) => [id, { kind: 'blocked' }] as const),
    ])
  },
})

const maxFound = 100

/** The people whom a text finds: friends and members of the organization by a part of their name, others by their exact username. */
export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ['friends', 'search', q],
    queryFn: ({ signal }) => muster.users.search({ q, limit: maxFound }, { signal }),
  })

/** The members of the organization whom a text finds, also by their e-mail; nobody for users without an organization. */
export const foundMembersQuery = (q: string, organizationId: string | null) =>
  queryOptions({
    queryKey: ['members', 'search', organizationId, q],
    queryFn: async ({ signal }) =>
      organizationId === null ? [] : (await muster.organization.members({ q, limit: maxFound }, { signal })).items,
  })
