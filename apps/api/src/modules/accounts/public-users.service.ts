import { DomainError } from '@muster/errors'
import { presenceOf } from '@muster/presence'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import type { Reads } from '../../http/reads/reads.ts'
import type { PublicUser, UserSearchQuery } from './accounts.schema.ts'
import * as queries from './public-users.queries.ts'
import { toUserSummary } from './user-summary.ts'
import type { PublicUserRow } from './user-visibility.ts'

export { findPublicUser } from './public-users.queries.ts'

type PublicUserDeps = Pick<Deps, 'db' | 'presence' | 'clock'>

const defaultLimit = 20

/** Searches the users whom the actor may find by a text, or reads those of some ids who are visible to the actor, in their order. */
export async function findUsers(
  deps: PublicUserDeps & { reads: Reads },
  actor: Actor,
  { q, ids = [], limit = defaultLimit }: UserSearchQuery,
): Promise<PublicUser[]> {
  const rows =
    q === undefined
      ? await queries.findPublicUsers(deps.db, ids, actor)
      : await deps.reads.read(
          (db) => queries.searchPublicUsers(db, actor, q, limit),
          (primary, found) =>
            queries.findAgain(
              primary,
              actor,
              q,
              found.map(({ id }) => id),
            ),
        )
  return toPublicUsers(deps, rows)
}

/**
 * Reads one user with an ETag of their profile and presence.
 * @throws DomainError NOT_FOUND, also for a user who is not visible to the actor
 */
export async function getPublicUser(
  deps: PublicUserDeps,
  actor: Actor,
  userId: string,
): Promise<{ user: PublicUser; etag: string }> {
  const [row] = await queries.findPublicUsers(deps.db, [userId], actor)
  if (!row) throw new DomainError('NOT_FOUND')
  const [user] = (await toPublicUsers(deps, [row])) as [PublicUser]
  // The row's version does not cover presence.
  return { user, etag: `"v${row.version}-${user.status}-${user.lastSeenAt ?? ''}"` }
}

/** Converts rows to what other users see of them: with presence where their visibility is `full`. */
export async function toPublicUsers(
  { presence, clock }: Pick<Deps, 'presence' | 'clock'>,
  rows: readonly PublicUserRow[],
): Promise<PublicUser[]> {
  const withPresence = rows.filter(({ visibility }) => visibility === 'full').map(({ id }) => id)
  const records = await presence.read(withPresence)
  const now = clock.now()
  return rows.map((row) => ({
    ...toUserSummary(row),
    bio: row.bio,
    ...(row.visibility === 'full'
      ? presenceOf(records?.get(row.id), { lastSeenAt: row.last_seen_at, now })
      : ({ status: 'offline', lastSeenAt: null } as const)),
  }))
}
