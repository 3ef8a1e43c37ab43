import { readInstallationId } from '@muster/db'
import { DomainError } from '@muster/errors'
import { discardAllJobs } from '@muster/jobs/admin'
import { isRunning, type ListedProcess, listProcesses } from '@muster/jobs/processes'
import { failFastRedis, lastErrorOf, type RedisClient, readRedisOwner, seizeRedis } from '@muster/redis'
import { explainFailure, ServiceFailure, servicesOf } from '@muster/remedies'
import { durationText, terminalLine } from '@muster/text'
import type { Result } from './command.ts'
import { readServices, redisPatienceMs, withDb } from './environment.ts'
import { surroundings } from './surroundings.ts'
import { confirmTakeOver } from './take-over.ts'

/**
 * Makes Redis belong to the installation of the database. When another one has it, the operator must confirm by its id, and the jobs of
 * that one are removed.
 * @param yes the id of the installation that has Redis
 * @throws ServiceFailure when Redis is unavailable, DomainError VALIDATION_FAILED without the confirmation
 */
export async function claim(yes: string | undefined): Promise<Result> {
  const { database, redis: settings } = readServices()
  const installationId = await withDb(database, readInstallationId)
  const redis = failFastRedis(settings, { enableOfflineQueue: true, commandTimeout: redisPatienceMs })
  try {
    const owner = await readRedisOwner(redis)
    if (owner && owner !== installationId) {
      const lastSeen = describeSeen(await listProcesses(redis))
      await confirmTakeOver({ what: 'Redis', owner, lastSeen, given: yes })
      await discardAllJobs(redis)
    }
    const previousId = await seizeRedis(redis, installationId)
    return { data: { installationId, previousId: previousId ?? null }, lines: [sentenceOf(installationId, previousId)] }
  } catch (error) {
    if (error instanceof DomainError) throw error
    throw unavailable(redis, error)
  } finally {
    redis.disconnect()
  }

  function unavailable(client: RedisClient, error: unknown): ServiceFailure {
    const { what, ...explained } = explainFailure(
      servicesOf(surroundings().env).redis(settings),
      lastErrorOf(client) ?? error,
    )
    return new ServiceFailure({ ...explained, what: `Redis was not claimed. ${what}` }, { cause: error })
  }
}

/** Tells when processes of the owner were last seen: those that work with this Redis announce themselves in it. */
function describeSeen(listed: readonly ListedProcess[]): string {
  const [newest] = listed
  if (!newest) return 'No process of it was seen within a day.'
  const last = `${terminalLine(newest.name)} on ${terminalLine(newest.host)}, ${durationText(Date.now() - newest.seenMs)} ago`
  if (!isRunning(newest)) return `Its last process was seen at ${new Date(newest.seenMs).toISOString()}: ${last}.`
  const running = listed.filter(isRunning)
  return `It RUNS: ${running.length} of its processes announced themselves in the last seconds, the newest ${last}.`
}

function sentenceOf(own: string, previous: string | undefined): string {
  if (previous === own) return `Redis belonged to this installation already (${own}).`
  return previous
    ? `Redis belonged to the installation ${previous}, and belongs to this one now (${own}). Its jobs are removed; those of this one are published again.`
    : `Redis belonged to no installation, and belongs to this one now (${own}).`
}
