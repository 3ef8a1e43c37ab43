import { randomBytes } from 'node:crypto'
import { emailAddress, username } from '@muster/identifiers'
import { readJson } from '@muster/text'
import { z } from 'zod'
import type { SafeRedis } from '../../redis.ts'
import { displayName, timezone } from '../accounts/accounts.schema.ts'

/** A registration whose e-mail is not verified yet. It contains no code, which is derived from the mail's id. */
const pendingRegistration = z.object({
  username,
  name: displayName,
  email: emailAddress,
  timezone,
  passwordHash: z.string(),
  emailId: z.uuid(),
  /** The address has an account: no code was sent, and none is correct. */
  isDecoy: z.boolean(),
})
export type PendingRegistration = z.output<typeof pendingRegistration>

export const registrationTtlSeconds = 300
const maxTries = 5

const pendingKey = (email: string, attempt: string) => `register:${email}:${attempt}`

/** Creates the secret of one attempt, which only the browser that began it holds. */
export const newAttempt = () => randomBytes(16).toString('base64url')
const attemptShape = /^[\w-]{22}$/

/** Saves a pending registration for 5 minutes, with its tries at 0. @throws DomainError DEPENDENCY_UNAVAILABLE */
export async function savePending(redis: SafeRedis, attempt: string, pending: PendingRegistration): Promise<void> {
  const key = pendingKey(pending.email, attempt)
  await redis.require((client) =>
    client
      .multi()
      .hset(key, { data: JSON.stringify(pending), tries: 0 })
      .expire(key, registrationTtlSeconds)
      .exec(),
  )
}

/**
 * Counts one try before its code is checked, so that fifty parallel tries are still at most five. The last try deletes the
 * attempt.
 * @returns undefined when there is no such attempt, or its tries are used up
 * @throws DomainError DEPENDENCY_UNAVAILABLE
 */
export async function countTry(
  redis: SafeRedis,
  email: string,
  attempt: string,
): Promise<PendingRegistration | undefined> {
  if (!attemptShape.test(attempt)) return undefined
  const data = await redis.require(
    (client) => client.eval(countTryScript, 1, pendingKey(email, attempt), maxTries) as Promise<string | null>,
  )
  return data ? readJson(pendingRegistration, data) : undefined
}

const countTryScript = `
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local data = redis.call('HGET', KEYS[1], 'data')
if redis.call('HINCRBY', KEYS[1], 'tries', 1) >= tonumber(ARGV[1]) then redis.call('DEL', KEYS[1]) end
return data`

/** Deletes a pending registration. Without Redis it expires by itself. */
export async function deletePending(redis: SafeRedis, email: string, attempt: string): Promise<void> {
  await redis.attempt((client) => client.del(pendingKey(email, attempt)), 0)
}
