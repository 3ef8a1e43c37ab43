import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import type { PublicUser } from './accounts.schema.ts'
import { avatarUrlOf } from './avatar-url.ts'
import * as queries from './people.queries.ts'
import type { PersonRow } from './people-visibility.ts'
import { onlineForMs } from './presence.ts'

type PeopleDeps = Pick<Deps, 'db' | 'presence' | 'clock'>

const maxFound = 20

/** Those whom the actor may find by this text, at most 20. */
export async function searchPeople(deps: PeopleDeps, actor: Actor, text: string): Promise<PublicUser[]> {
  return toPublicUsers(deps, await queries.searchPeople(deps.db, actor, text, maxFound))
}

/**
 * One person with what identifies this state of theirs.
 * @throws DomainError NOT_FOUND, also for somebody of whom the actor may see nothing
 */
export async function getPerson(
  deps: PeopleDeps,
  actor: Actor,
  userId: string,
): Promise<{ user: PublicUser; etag: string }> {
  const row = await queries.findPerson(deps.db, userId, actor)
  if (!row?.sight) throw new DomainError('NOT_FOUND')
  const [user] = (await toPublicUsers(deps, [row])) as [PublicUser]
  // Presence is no part of the row's version.
  return { user, etag: `"v${row.version}-${user.status}-${user.lastSeenAt ?? ''}"` }
}

/** Rows as others see them: with presence where they may. */
export async function toPublicUsers(
  { presence, clock }: Pick<Deps, 'presence' | 'clock'>,
  rows: readonly PersonRow[],
): Promise<PublicUser[]> {
  const shown = rows.filter(({ sight }) => sight === 'full').map(({ id }) => id)
  const seenMs = await presence.lastSeen(shown)
  const nowMs = clock.now().getTime()
  return rows.map((row) => {
    const lastSeenMs = Math.max(seenMs.get(row.id) ?? 0, row.last_seen_at?.getTime() ?? 0)
    const isShown = row.sight === 'full' && lastSeenMs > 0
    return {
      id: row.id,
      username: row.username,
      name: row.name,
      avatarUrl: avatarUrlOf(row),
      bio: row.bio,
      status: isShown && nowMs - lastSeenMs < onlineForMs ? 'online' : 'offline',
      lastSeenAt: isShown ? new Date(lastSeenMs).toISOString() : null,
    }
  })
}
