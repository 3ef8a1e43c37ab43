import { profileKey } from '@muster/person-cache'
import type { Deps } from '../../deps.ts'

export type ProfileCache = { redis: Pick<Deps['redis'], 'drop'> }

/** Removes the user's cached profile, so that the next read queries Postgres. Never rejects. */
export async function invalidateProfile({ redis }: ProfileCache, userId: string): Promise<void> {
  await redis.drop(profileKey(userId))
}
