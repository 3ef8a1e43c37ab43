import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { numberedPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import type { PublicUser } from '../accounts/accounts.schema.ts'
import { toPublicUsers } from '../accounts/public-users.service.ts'
import type { PublicUserRow } from '../accounts/user-visibility.ts'
import * as queries from './friends.queries.ts'
import type { FriendRequest, PageQuery } from './friends.schema.ts'

type ListDeps = Pick<Deps, 'db' | 'presence' | 'clock'>

const maxRequestsShown = 100

/** Lists the actor's open requests in both directions, the newest 100 of each. */
export async function listRequests(deps: ListDeps, actor: Actor) {
  const [incoming, outgoing] = await Promise.all(
    (['incoming', 'outgoing'] as const).map(async (direction) => {
      const rows = await queries.listRequests(deps.db, actor.userId, direction, maxRequestsShown)
      const users = await toPublicUsers(deps, rows)
      return rows.map(
        (row, index): FriendRequest => ({
          id: row.request_id,
          direction,
          status: 'pending',
          user: users[index] as PublicUser,
          createdAt: row.created_at.toISOString(),
        }),
      )
    }),
  )
  return { incoming: incoming ?? [], outgoing: outgoing ?? [] }
}

type PageDeps = { reads: Reads } & Pick<Deps, 'presence' | 'clock'>
type Listed = { rows: PublicUserRow[]; total: number }

/** Lists a page of the actor's friends, by name. */
export async function listFriends({ reads, ...deps }: PageDeps, { userId }: Actor, query: PageQuery) {
  const listed = await reads.read(
    (db) => queries.listFriends(db, userId, placeOf(query)),
    async (primary, { rows, total }) => ({ rows: await queries.findFriends(primary, userId, rows), total }),
  )
  return toPage(deps, query, listed)
}

/** Lists a page of the users whom the actor has blocked, by name. */
export async function listBlocked({ reads, ...deps }: PageDeps, { userId }: Actor, query: PageQuery) {
  return toPage(deps, query, await reads.read((db) => queries.listBlocked(db, userId, placeOf(query)), 'bySession'))
}

const placeOf = ({ page, limit }: PageQuery) => ({ limit, offset: (page - 1) * limit })

const toPage = async (deps: Omit<PageDeps, 'reads'>, { page, limit }: PageQuery, { rows, total }: Listed) => ({
  users: await toPublicUsers(deps, rows),
  pagination: numberedPage({ page, limit, total }),
})
