import { invalidateAnalytics, profileKey } from '@muster/cache'
import { DomainError, invalid } from '@muster/errors'
import { isReservedUsername, reservedUsernameFault } from '@muster/identifiers'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import { type UserPatch, user as userSchema } from './accounts.schema.ts'
import { findUser, lockUser, type UserRow, updateUser } from './accounts.service.ts'
import { markOnline, toProfile, toUser } from './user-view.ts'
import { usernameTaken } from './username-taken.ts'

type ProfileDeps = Pick<Deps, 'lookups' | 'cache' | 'clock'>
const cacheMs = 600_000

/** The cached profile has the path of the avatar, which the response makes absolute. */
const profile = z.object({ version: z.int(), user: userSchema.extend({ avatarUrl: z.string().nullable() }) })
type Profile = z.output<typeof profile>

/**
 * Reads the requester's own profile, from the cache while Redis has it. The requester is online by definition, so the
 * presence lookup is skipped.
 * @throws DomainError UNAUTHENTICATED when the user no longer exists
 */
export async function getProfile({ lookups, cache, clock }: ProfileDeps, userId: string): Promise<Profile> {
  const { version, user } = await cache.through(profileKey(userId), {
    name: 'profile',
    schema: profile,
    ttlMs: () => cacheMs,
    read: async () => {
      const row = await findUser(lookups, userId)
      if (!row) throw new DomainError('UNAUTHENTICATED')
      return { version: row.version, user: toProfile(row) }
    },
  })
  return { version, user: markOnline(user, clock.now()) }
}

/**
 * Changes the requester's own profile.
 * @throws DomainError USERNAME_TAKEN, STALE, VALIDATION_FAILED for a reserved username
 */
export async function updateProfile(
  deps: Pick<Deps, 'cache' | 'clock' | 'transact'>,
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
      throw isUniqueViolation(error, 'users_username_key') ? usernameTaken() : error
    })
  return { version: row.version, user: toUser(row, now) }
}

/** Refuses a reserved username, unless the user already has it. @throws DomainError VALIDATION_FAILED */
function assertUsernameAllowed(username: string | undefined, current: string): void {
  if (username === undefined || username === current || !isReservedUsername(username)) return
  throw invalid('body.username', 'RESERVED', {}, reservedUsernameFault)
}

/** Returns the fields of the row that the patch names. */
function pick(row: UserRow, patch: UserPatch) {
  return Object.fromEntries(Object.keys(patch).map((field) => [field, row[field as keyof UserPatch]]))
}
