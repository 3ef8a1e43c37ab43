import { DomainError } from '@muster/errors'
import { isReservedUsername, reservedUsernameFault } from '@muster/identifiers'
import { cachedIn, fillCache, invalidateAnalytics, profileKey, takeLease } from '@muster/person-cache'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { readJson } from '../../http/read-json.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import * as queries from './accounts.queries.ts'
import { type User, type UserPatch, user as userSchema } from './accounts.schema.ts'
import { avatarUrlOf } from './avatar-url.ts'

type ProfileDeps = Pick<Deps, 'lookups' | 'redis' | 'clock'>
const cacheMs = 600_000

const profile = z.object({ version: z.int(), user: userSchema })
type Profile = z.output<typeof profile>

/**
 * The person's own profile, from the cache while Redis has it. Whoever asks for it is here, so their presence needs no
 * asking. @throws DomainError UNAUTHENTICATED when they are gone
 */
export async function getProfile(deps: ProfileDeps, userId: string): Promise<Profile> {
  const found = await deps.redis.attempt((redis) => redis.get(profileKey(userId)), null)
  const cached = cachedIn(found)
  // What another release cached in another form is none.
  const { version, user } = (cached && readJson(profile, cached)) || (await loadProfile(deps, userId))
  return { version, user: here(user, deps.clock.now()) }
}

/** Changes the person's own profile. @throws DomainError USERNAME_TAKEN, STALE, VALIDATION_FAILED for a reserved username */
export async function updateProfile(
  deps: Pick<Deps, 'db' | 'redis' | 'clock' | 'transact'>,
  actor: Actor,
  patch: UserPatch,
  options: { isCurrent: (version: number) => boolean; origin: Origin },
): Promise<Profile> {
  const now = deps.clock.now()
  const row = await deps
    .transact(async ({ trx, audit }) => {
      const before = await queries.lockById(trx, actor.userId)
      if (!before) throw new DomainError('UNAUTHENTICATED')
      if (!options.isCurrent(before.version)) throw new DomainError('STALE')
      assertMayTake(patch.username, before.username)
      const after = await queries.update(trx, actor.userId, patch, now)
      audit({
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
  await dropCachedProfile(deps, actor.userId)
  if (patch.timezone !== undefined) await invalidateAnalytics(deps, [actor.userId])
  return { version: row.version, user: toUser(row, now) }
}

/** Who has a reserved username keeps it, also when they send it along. @throws DomainError VALIDATION_FAILED */
function assertMayTake(username: string | undefined, present: string): void {
  if (username === undefined || username === present || !isReservedUsername(username)) return
  throw new DomainError('VALIDATION_FAILED', { details: [{ path: 'body.username', message: reservedUsernameFault }] })
}

/** The next reading of the profile asks Postgres. Follows every change of the row. */
export async function dropCachedProfile(
  { redis }: { redis: Pick<Deps['redis'], 'drop'> },
  userId: string,
): Promise<void> {
  await redis.drop(profileKey(userId))
}

/** The row as its person sees it, who is here at this moment. */
export function toUser(row: queries.UserRow, now: Date): User {
  return here(toProfile(row), now)
}

/** A reading that a change overtakes does not get into the cache. */
async function loadProfile({ lookups, redis }: ProfileDeps, userId: string): Promise<Profile> {
  const lease = await redis.attempt((client) => takeLease(client, profileKey(userId)), undefined)
  const row = await queries.findById(lookups, userId)
  if (!row) throw new DomainError('UNAUTHENTICATED')
  const profile = { version: row.version, user: toProfile(row) }
  if (lease) await redis.attempt((client) => fillCache(client, lease, JSON.stringify(profile), cacheMs), undefined)
  return profile
}

/** The row as it is cached: of somebody who may be elsewhere. */
export function toProfile(row: queries.UserRow): User {
  return {
    id: row.id,
    username: row.username,
    name: row.name,
    email: row.email,
    role: row.role as User['role'],
    organizationId: row.organization_id,
    bio: row.bio,
    avatarUrl: avatarUrlOf(row),
    timezone: row.timezone,
    status: 'offline',
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    twoFactorMethod: row.two_factor_method as User['twoFactorMethod'],
    hasPassword: row.password_hash !== null,
    authProviders: [...(row.password_hash ? ['local' as const] : []), ...(row.google_id ? ['google' as const] : [])],
    createdAt: row.created_at.toISOString(),
  }
}

const here = (user: User, now: Date): User => ({ ...user, status: 'online', lastSeenAt: now.toISOString() })

/** Of the row, the fields that the patch names. */
function pick(row: queries.UserRow, patch: UserPatch) {
  return Object.fromEntries(Object.keys(patch).map((field) => [field, row[field as keyof UserPatch]]))
}
