import { type Invalidator, invalidateProfile } from '@muster/cache'
import type { Trx } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Origin } from '../../http/actor.ts'
import * as queries from './accounts.queries.ts'

export type { UserRow } from './accounts.queries.ts'
export {
  findUser,
  findUserByEmail,
  findUserByGoogleId,
  findUserIdByAnyName,
  insertUser,
  isUsernameTaken,
  lockAndRescheduleDigest,
  lockUser,
  lockUsers,
  replacePasswordHash,
} from './accounts.queries.ts'

/**
 * Adds the invalidation of the cached profile to a write: the returned function writes in the caller's transaction and
 * invalidates after its commit.
 */
function invalidating<User extends string | { id: string }, Args extends unknown[], Result>(
  write: (trx: Trx, user: User, ...args: Args) => Promise<Result>,
) {
  return async (
    cache: Invalidator,
    { trx, afterCommit }: Pick<TransactContext, 'trx' | 'afterCommit'>,
    user: User,
    ...args: Args
  ): Promise<Result> => {
    const result = await write(trx, user, ...args)
    afterCommit(() => invalidateProfile(cache, typeof user === 'string' ? user : user.id))
    return result
  }
}

/** Changes the fields that users edit themselves. @throws a unique violation of users_username_key */
export const updateUser = invalidating(queries.updateUser)

/** Activates or deactivates the user. The caller ends their sessions, see the module `activation`. */
export const setActive = invalidating(queries.setActive)

/** Gives the user another role, in another organization or in none; the module `members` adds the consequences. */
export const setRoleAndOrganization = invalidating(queries.setRoleAndOrganization)

/** Marks the user as about to be deleted. */
export const setDeletionRequested = invalidating(queries.setDeletionRequested)

/** Sets the hash of a new password. */
export const setPasswordHash = invalidating(queries.setPasswordHash)

/** Sets which second factor the user has. */
export const setTwoFactorMethod = invalidating(queries.setTwoFactorMethod)

/** Links a Google account. @returns undefined when the user has a linked one by now, or another e-mail */
export const linkGoogle = invalidating(queries.linkGoogle)

/** Removes the link to the Google account. */
export const unlinkGoogle = invalidating(queries.unlinkGoogle)

/** Sets when the user was last seen. */
export const setLastSeen = invalidating(queries.setLastSeen)

/** Cancels the deletion that the user has requested, which every sign-in does. The caller has locked the row. */
export async function cancelDeletion(
  cache: Invalidator,
  tx: Pick<TransactContext, 'trx' | 'audit' | 'afterCommit'>,
  { id, deletion_requested_at }: Pick<queries.UserRow, 'id' | 'deletion_requested_at'>,
  { origin, now }: { origin: Origin; now: Date },
): Promise<void> {
  if (deletion_requested_at === null) return
  await setDeletionRequested(cache, tx, id, null, now)
  tx.audit({
    action: 'user.deletion_cancelled',
    actorId: id,
    targetType: 'user',
    targetId: id,
    before: { requestedAt: deletion_requested_at.toISOString() },
    context: origin,
  })
}
