import { readInstallationId } from '@muster/db'
import { discardAllJobs } from '@muster/jobs/admin'
import { describeRedis, failFastRedis, readRedisOwner, seizeRedis } from '@muster/redis'
import type { Result } from './command.ts'
import { readServices, redisPatienceMs, withDb } from './environment.ts'

/**
 * Makes Redis belong to the installation of the database, whichever had it, and removes the jobs of the previous one.
 * @throws Error when Redis is unavailable
 */
export async function claim(): Promise<Result> {
  const { database, redis: settings } = readServices()
  const installationId = await withDb(database, readInstallationId)
  const redis = failFastRedis(settings, { enableOfflineQueue: true, commandTimeout: redisPatienceMs })
  try {
    const owner = await readRedisOwner(redis)
    if (owner !== undefined && owner !== installationId) await discardAllJobs(redis)
    const previousId = await seizeRedis(redis, installationId)
    return { data: { installationId, previousId: previousId ?? null }, lines: [sentenceOf(installationId, previousId)] }
  } catch (cause) {
    throw new Error(`${describeRedis(settings)} is unavailable; nothing was changed.`, { cause })
  } finally {
    redis.disconnect()
  }
}

function sentenceOf(own: string, previous: string | undefined): string {
  if (previous === own) return `Redis belonged to this installation already (${own}).`
  return previous
    ? `Redis belonged to the installation ${previous}, and belongs to this one now (${own}). Its jobs are removed; those of this one are published again.`
    : `Redis belonged to no installation, and belongs to this one now (${own}).`
}
