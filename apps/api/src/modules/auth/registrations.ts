import { randomBytes } from 'node:crypto'
import { DomainError } from '@muster/errors'
import type { SafeRedis } from '../../redis.ts'

/** A registration whose e-mail is not proven yet. It holds no code: that is derived from the mail's id. */
export type PendingRegistration = {
  username: string
  name: string
  email: string
  timezone: string
  passwordHash: string
  emailId: string
  /** The address has an account: no code was sent, and none is right. */
  isDecoy: boolean
}

export const registrationTtlSeconds = 300
const cooldownSeconds = 60
const maxMailsPerDay = 10
const daySeconds = 86_400
const maxTries = 5

const pendingKey = (email: string, attempt: string) => `register:${email}:${attempt}`
const cooldownKey = (email: string) => `register:cooldown:${email}`
const dailyKey = (email: string) => `register:daily:${email}`

/** The secret of one attempt, held by the browser that began it. */
export const newAttempt = () => randomBytes(16).toString('base64url')

/**
 * Takes the address's turn for a mail: one a minute, ten a day.
 * @returns gives the turn back, for when no mail was sent after all
 * @throws DomainError COOLDOWN
 */
export async function takeMailTurn(redis: SafeRedis, email: string): Promise<() => Promise<void>> {
  const [isTaken, waitSeconds] = await redis.require(
    (client) =>
      client.eval(
        takeTurnScript,
        2,
        cooldownKey(email),
        dailyKey(email),
        cooldownSeconds,
        maxMailsPerDay,
        daySeconds,
      ) as Promise<[number, number]>,
  )
  if (!isTaken) throw new DomainError('COOLDOWN', { retryAfterSeconds: Math.max(1, waitSeconds) })
  return async () => {
    await redis.attempt((client) => client.multi().del(cooldownKey(email)).decr(dailyKey(email)).exec(), null)
  }
}

const takeTurnScript = `
if redis.call('EXISTS', KEYS[1]) == 1 then return { 0, redis.call('TTL', KEYS[1]) } end
local sent = tonumber(redis.call('GET', KEYS[2]) or '0')
if sent >= tonumber(ARGV[2]) then return { 0, redis.call('TTL', KEYS[2]) } end
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
if redis.call('INCR', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
return { 1, 0 }`

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
 * Counts one try before its code is looked at, so that fifty at once are still five. The last try takes the attempt away.
 * @returns undefined when there is no such attempt, or its tries are used up
 */
export async function takeTry(
  redis: SafeRedis,
  email: string,
  attempt: string,
): Promise<PendingRegistration | undefined> {
  const data = await redis.require(
    (client) => client.eval(takeTryScript, 1, pendingKey(email, attempt), maxTries) as Promise<string | null>,
  )
  return data ? (JSON.parse(data) as PendingRegistration) : undefined
}

const takeTryScript = `
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local data = redis.call('HGET', KEYS[1], 'data')
if redis.call('HINCRBY', KEYS[1], 'tries', 1) >= tonumber(ARGV[1]) then redis.call('DEL', KEYS[1]) end
return data`

export async function dropPending(redis: SafeRedis, email: string, attempt: string): Promise<void> {
  await redis.attempt((client) => client.del(pendingKey(email, attempt)), 0)
}
