import { DomainError } from '@muster/errors'
import { isReservedUsername, reservedUsernameFault } from '@muster/identifiers'
import { cachedIn, fillCache, invalidateAnalytics, profileKey, takeLease } from '@muster/person-cache'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { readJson } from '../../http/read-json.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import { type UserPatch, user as userSchema } from './accounts.schema.ts'
import { findUser, lockUser, type UserRow, updateUser } from './accounts.service.ts'
import { markOnline, toProfile, toUser } from './user-view.ts'

type ProfileDeps = Pick<Deps, 'lookups' | 'redis' | 'clock'>
const cacheMs = 600_000

const profile = z.object({ version: z.int(), user: userSchema })
type Profile = z.output<typeof profile>

/**
 * Reads the requester's own profile, from the cache while Redis has it. The requester is online by definition, so the
 * presence lookup is skipped.
 * @throws DomainError UNAUTHENTICATED when the user no longer exists
 */
export async function getProfile(deps: ProfileDeps, userId: string): Promise<Profile> {
  const found = await deps.redis.attempt((redis) => redis.get(profileKey(userId)), null)
  const cached = cachedIn(found)
  // A value that another release cached in another form counts as a miss.
  const { version, user } = (cached && readJson(profile, cached)) || (await loadProfile(deps, userId))
  return { version, user: markOnline(user, deps.clock.now()) }
}

/**
 * Changes the requester's own profile.
 * @throws DomainError USERNAME_TAKEN, STALE, VALIDATION_FAILED for a reserved username
 */
export async function updateProfile(
  deps: Pick<Deps, 'redis' | 'clock' | 'transact'>,
  actor: Actor,
  patch: UserPatch,
  options: { isCurrent: (version: number) => boolean; origin: Origin },
): Promise<Profile> {
  const now = deps.clock.now()
  const row = await deps
    .transact(async (tx) => {
      const before = await lockUser(tx.trx, actor.userId)
      if (!before) throw new DomainError('UNAUTHENTICATED')
      if (!options.isCurrent(before.version)) throw new DomainError('STALE')
      assertUsernameAllowed(patch.username, before.username)
      const after = await updateUser(deps, tx, actor.userId, patch, now)
      // Analytics are computed by local days.
      if (patch.timezone !== undefined) tx.afterCommit(() => invalidateAnalytics(deps, [actor.userId]))
      tx.audit({
        action: 'user.updated',
        actorId: actor.userId,
        targetType: 'user',
        targetId: actor.userId,
        before: pick(before, patch),
        after: pick(after, patch),
        context: options.origin,
      })
      return after
    })
    .catch((error: unknown) => {
      throw isUniqueViolation(error, 'users_username_key') ? new DomainError('USERNAME_TAKEN') : error
    })
  return { version: row.version, user: toUser(row, now) }
}

/** Refuses a reserved username, unless the user already has it. @throws DomainError VALIDATION_FAILED */
function assertUsernameAllowed(username: string | undefined, current: string): void {
  if (username === undefined || username === current || !isReservedUsername(username)) return
  throw new DomainError('VALIDATION_FAILED', { details: [{ path: 'body.username', message: reservedUsernameFault }] })
}

/** Reads the profile from Postgres and fills the cache, unless a change overtook the read. */
async function loadProfile({ lookups, redis }: ProfileDeps, userId: string): Promise<Profile> {
  const lease = await redis.attempt((client) => takeLease(client, profileKey(userId)), undefined)
  const row = await findUser(lookups, userId)
  if (!row) throw new DomainError('UNAUTHENTICATED')
  const profile = { version: row.version, user: toProfile(row) }
  if (lease) await redis.attempt((client) => fillCache(client, lease, JSON.stringify(profile), cacheMs), undefined)
  return profile
}

/** Returns the fields of the row that the patch names. */
function pick(row: UserRow, patch: UserPatch) {
  return Object.fromEntries(Object.keys(patch).map((field) => [field, row[field as keyof UserPatch]]))
}
