import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { numberedPage } from '../../http/pagination.ts'
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

/** Lists a page of the actor's friends, by name. */
export const listFriends = (deps: ListDeps, actor: Actor, page: PageQuery) =>
  readPage(deps, actor, page, queries.listFriends)

/** Lists a page of the users whom the actor has blocked, by name. */
export const listBlocked = (deps: ListDeps, actor: Actor, page: PageQuery) =>
  readPage(deps, actor, page, queries.listBlocked)

async function readPage(
  deps: ListDeps,
  { userId }: Actor,
  { page, limit }: PageQuery,
  list: (
    db: Deps['db'],
    userId: string,
    page: { limit: number; offset: number },
  ) => Promise<{ rows: PublicUserRow[]; total: number }>,
) {
  const { rows, total } = await list(deps.db, userId, { limit, offset: (page - 1) * limit })
  const pagination = numberedPage({ page, limit, total })
  return { users: await toPublicUsers(deps, rows), pagination }
}
