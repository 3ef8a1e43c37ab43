import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../plugins/actor.ts'
import { isUniqueViolation } from '../../plugins/unique-violation.ts'
import { accessTokenTtlMs } from '../sessions/access-tokens.ts'
import * as queries from './users.queries.ts'
import type { User, UserPatch } from './users.schema.ts'

type ProfileDeps = Pick<Deps, 'db' | 'redis' | 'clock'>
/** What is cached: all but the presence, which the moment decides. */
type CachedProfile = { version: number; user: Omit<User, 'status'> }

const cacheSeconds = 600
const cacheKey = (userId: string) => `user:profile:v1:${userId}`
/** A client that is there renews its access token within this time, which is when it was last seen. */
const onlineForMs = accessTokenTtlMs + 60_000

/** The person's own profile, from the cache while Redis has it. @throws DomainError UNAUTHENTICATED when they are gone */
export async function getProfile(deps: ProfileDeps, userId: string): Promise<{ version: number; user: User }> {
  const cached = await deps.redis.attempt((redis) => redis.get(cacheKey(userId)), null)
  const profile = cached ? (JSON.parse(cached) as CachedProfile) : await loadProfile(deps, userId)
  return { version: profile.version, user: withPresence(profile.user, deps.clock.now()) }
}

/** Changes the person's own profile. @throws DomainError USERNAME_TAKEN, STALE */
export async function updateProfile(
  deps: Pick<Deps, 'db' | 'redis' | 'clock' | 'transact'>,
  actor: Actor,
  patch: UserPatch,
  options: { isCurrent: (version: number) => boolean; origin: Origin },
): Promise<{ version: number; user: User }> {
  const now = deps.clock.now()
  const row = await deps
    .transact(async ({ trx, audit }) => {
      const before = await queries.lockById(trx, actor.userId)
      if (!before) throw new DomainError('UNAUTHENTICATED')
      if (!options.isCurrent(before.version)) throw new DomainError('STALE')
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
  return { version: row.version, user: toUser(row, now) }
}

/** The next reading of the profile asks Postgres. Follows every change of the row. */
export async function dropCachedProfile({ redis }: Pick<Deps, 'redis'>, userId: string): Promise<void> {
  await redis.attempt((client) => client.del(cacheKey(userId)), 0)
}

/** The row as its person sees it. */
export function toUser(row: queries.UserRow, now: Date): User {
  return withPresence(toProfile(row), now)
}

async function loadProfile({ db, redis }: ProfileDeps, userId: string): Promise<CachedProfile> {
  const row = await queries.findById(db, userId)
  if (!row) throw new DomainError('UNAUTHENTICATED')
  const profile = { version: row.version, user: toProfile(row) }
  await redis.attempt((client) => client.set(cacheKey(userId), JSON.stringify(profile), 'EX', cacheSeconds), null)
  return profile
}

function toProfile(row: queries.UserRow): CachedProfile['user'] {
  return {
    id: row.id,
    username: row.username,
    name: row.name,
    email: row.email,
    role: row.role as User['role'],
    organizationId: row.organization_id,
    bio: row.bio,
    avatarUrl: null,
    timezone: row.timezone,
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    twoFactorMethod: row.two_factor_method as User['twoFactorMethod'],
    hasPassword: row.password_hash !== null,
    authProviders: [...(row.password_hash ? ['local' as const] : []), ...(row.google_id ? ['google' as const] : [])],
    createdAt: row.created_at.toISOString(),
  }
}

function withPresence(profile: CachedProfile['user'], now: Date): User {
  const isOnline = profile.lastSeenAt !== null && now.getTime() - Date.parse(profile.lastSeenAt) < onlineForMs
  return { ...profile, status: isOnline ? 'online' : 'offline' }
}

/** Of the row, the fields that the patch names. */
function pick(row: queries.UserRow, patch: UserPatch) {
  return Object.fromEntries(Object.keys(patch).map((field) => [field, row[field as keyof UserPatch]]))
}
