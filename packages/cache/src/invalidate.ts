import type { Cache } from './cache.ts'
import { analyticsKey, profileKey } from './keys.ts'

/** The dependencies of a function that changes cached data. */
export type Invalidator = { cache: Pick<Cache, 'invalidate'> }

/** Invalidates the user's cached profile. Belongs after the commit of each change of the user's row. */
export function invalidateProfile({ cache }: Invalidator, userId: string): Promise<void> {
  return cache.invalidate([profileKey(userId)])
}

/**
 * Invalidates the users' cached analytics. Belongs after the commit of each change of a task that they own or are assigned
 * to, of a reminder of theirs, or of their timezone.
 * @param userIds may repeat; null (no assignee) is skipped
 */
export function invalidateAnalytics({ cache }: Invalidator, userIds: Iterable<string | null>): Promise<void> {
  const ids = [...new Set(userIds)].filter((id) => id !== null)
  return cache.invalidate(ids.map(analyticsKey))
}
