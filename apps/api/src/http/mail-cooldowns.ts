import { DomainError } from '@muster/errors'
import type { Redis } from 'ioredis'
import type { SafeRedis } from '../redis.ts'

/** What is mailed to whoever asks, without their being signed in. Each has turns of its own. */
export type TurnKind = 'register' | 'reset'

const cooldownSeconds = 60
const maxMailsPerDay = 10
const daySeconds = 86_400

const keysOf = (kind: TurnKind, email: string) =>
  [`${kind}:cooldown:${mailboxOf(email)}`, `${kind}:daily:${mailboxOf(email)}`] as const

/**
 * Takes the address's turn for a mail: one a minute, ten a day.
 * @returns gives the turn back, for when no mail was sent after all
 * @throws DomainError COOLDOWN, DEPENDENCY_UNAVAILABLE
 */
export async function takeMailTurn(redis: SafeRedis, kind: TurnKind, email: string): Promise<() => Promise<void>> {
  const waitSeconds = await redis.require(turnOf(kind, email))
  if (waitSeconds > 0) throw new DomainError('COOLDOWN', { retryAfterSeconds: waitSeconds })
  return () => giveMailTurnBack(redis, kind, email)
}

/**
 * The same for who must not learn of it. Without Redis every mail has its turn: what each IP may ask for bounds them then.
 * @returns whether it is the address's turn
 */
export async function isMailTurn(redis: SafeRedis, kind: TurnKind, email: string): Promise<boolean> {
  return (await redis.attempt(turnOf(kind, email), 0)) === 0
}

export async function giveMailTurnBack(redis: SafeRedis, kind: TurnKind, email: string): Promise<void> {
  await redis.attempt((client) => client.eval(giveTurnBackScript, 2, ...keysOf(kind, email)), null)
}

/**
 * The mailbox behind an address, as far as it can be told: what follows a `+` leads to the same one, and Gmail looks at
 * no dots. It only serves to count; accounts keep the address as it was given.
 */
export function mailboxOf(email: string): string {
  const at = email.lastIndexOf('@')
  const [name = ''] = email.slice(0, at).split('+', 1)
  const domain = email.slice(at + 1)
  const isGmail = domain === 'gmail.com' || domain === 'googlemail.com'
  return isGmail ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`
}

/** Seconds to wait; 0 when the turn was taken. */
function turnOf(kind: TurnKind, email: string): (client: Redis) => Promise<number> {
  return (client) =>
    client.eval(
      takeTurnScript,
      2,
      ...keysOf(kind, email),
      cooldownSeconds,
      maxMailsPerDay,
      daySeconds,
    ) as Promise<number>
}

const takeTurnScript = `
if redis.call('EXISTS', KEYS[1]) == 1 then return math.max(1, redis.call('TTL', KEYS[1])) end
local sent = tonumber(redis.call('GET', KEYS[2]) or '0')
if sent >= tonumber(ARGV[2]) then return math.max(1, redis.call('TTL', KEYS[2])) end
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
if redis.call('INCR', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
return 0`

const giveTurnBackScript = `
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('DECR', KEYS[2]) end`
