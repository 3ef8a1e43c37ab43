import { DomainError } from '@muster/errors'
import type { RedisClient } from '@muster/redis'
import type { SafeRedis } from '../../redis.ts'

/** The mails that a caller who is not signed in can request. Each kind has its own cooldown. */
export type MailKind = 'register' | 'reset'

const cooldownSeconds = 60
const maxMailsPerDay = 10
const daySeconds = 86_400

/** Both keys of a mailbox share a hash tag, so that a cluster keeps them in one slot. */
const keysOf = (kind: MailKind, email: string) => {
  const tagged = `mails:{${kind}:${mailboxOf(email)}}`
  return [`${tagged}:cooldown`, `${tagged}:daily`] as const
}

/**
 * Starts the cooldown of an address before a mail: one mail a minute, ten a day.
 * @returns a function that releases the cooldown, for when no mail was sent after all
 * @throws DomainError COOLDOWN while it runs, DEPENDENCY_UNAVAILABLE without Redis
 */
export async function claimMailCooldown(redis: SafeRedis, kind: MailKind, email: string): Promise<() => Promise<void>> {
  const waitSeconds = await redis.require(claim(kind, email))
  if (waitSeconds > 0) throw new DomainError('COOLDOWN', { retryAfterSeconds: waitSeconds })
  return () => releaseMailCooldown(redis, kind, email)
}

/**
 * Starts the cooldown like {@link claimMailCooldown}, for routes whose response must not depend on it. Without Redis every
 * mail is allowed: the route's limit per IP bounds them meanwhile.
 * @returns whether a mail may be sent
 */
export async function tryMailCooldown(redis: SafeRedis, kind: MailKind, email: string): Promise<boolean> {
  return (await redis.attempt(claim(kind, email), 0)) === 0
}

/** Ends the cooldown and takes the mail off the count of the day. */
export async function releaseMailCooldown(redis: SafeRedis, kind: MailKind, email: string): Promise<void> {
  await redis.attempt((client) => client.eval(releaseScript, 2, ...keysOf(kind, email)), null)
}

/**
 * Returns the mailbox of an address, as far as the address shows it: a tag after `+` leads to the same mailbox, and
 * Gmail ignores dots. It is used for counting only; accounts keep the address as it was given.
 */
export function mailboxOf(email: string): string {
  const at = email.lastIndexOf('@')
  const [name = ''] = email.slice(0, at).split('+', 1)
  const domain = email.slice(at + 1)
  const isGmail = domain === 'gmail.com' || domain === 'googlemail.com'
  return isGmail ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`
}

/** Returns the command that claims the cooldown. It resolves to the seconds to wait; 0 when it was claimed. */
const claim = (kind: MailKind, email: string) => (client: RedisClient) =>
  client.eval(claimScript, 2, ...keysOf(kind, email), cooldownSeconds, maxMailsPerDay, daySeconds) as Promise<number>

/** KEYS cooldown, count of the day; ARGV cooldown in seconds, mails a day, day in seconds. */
const claimScript = `
if redis.call('EXISTS', KEYS[1]) == 1 then return math.max(1, redis.call('TTL', KEYS[1])) end
local sent = tonumber(redis.call('GET', KEYS[2]) or '0')
if sent >= tonumber(ARGV[2]) then return math.max(1, redis.call('TTL', KEYS[2])) end
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
if redis.call('INCR', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
return 0`

/** KEYS cooldown, count of the day. */
const releaseScript = `
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('DECR', KEYS[2]) end`
