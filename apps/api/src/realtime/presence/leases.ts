import { randomUUID } from 'node:crypto'
import { noteClose, renewLeases } from '@muster/presence'
import type { Context } from '../../context.ts'
import { createBatches } from '../batches.ts'
import type { Gateway } from '../gateway.ts'

/** A client is heard each 25 s at least. With a lease of 60 s this leaves room for a late renewal. */
const renewIntervalMs = 20_000
/** Users whose leases are renewed at once, so that other work of this process comes between. */
const perBatch = 200

/** Keeps a lease in Redis for each user with connections to this instance, so that all instances know that they are online. */
export function keepLeases(
  { connections, signals, onConnect, onDisconnect }: Gateway,
  { redis, clock, presence, publisher }: Pick<Context, 'redis' | 'clock' | 'presence' | 'publisher'>,
) {
  const instanceId = randomUUID()
  const announce = (userIds: readonly string[]) =>
    publisher.signal(userIds.map((userId) => ({ room: `user:${userId}`, event: 'presence', userId })))

  /** When a user's connections were last heard, by the clock; undefined without one. */
  const heardMs = (userId: string): number | undefined => {
    let ageMs = Number.POSITIVE_INFINITY
    for (const { heardAtMs } of connections.ofUser(userId)) ageMs = Math.min(ageMs, performance.now() - heardAtMs)
    return Number.isFinite(ageMs) ? Math.round(clock.now().getTime() - ageMs) : undefined
  }
  const renew = createBatches(async (userIds: readonly string[]) => {
    for (let from = 0; from < userIds.length; from += perBatch) {
      // Read at the last moment: a lease that is written after its user has left would be a ghost.
      const heard = userIds.slice(from, from + perBatch).flatMap((userId) => {
        const atMs = heardMs(userId)
        return atMs === undefined ? [] : [[userId, atMs] as const]
      })
      for (const [userId, atMs] of heard) presence.noteHeard(userId, atMs)
      announce(await renewLeases(redis, instanceId, heard))
    }
  })
  const renewAll = () => renew([...new Set([...connections.all()].map(({ actor }) => actor.userId))])

  onConnect(({ actor }) => void renew([actor.userId]))
  onDisconnect(({ actor: { userId }, isLost }) => {
    if (isLost || connections.hasUser(userId)) return
    const nowMs = clock.now().getTime()
    presence.noteHeard(userId, nowMs)
    void noteClose(redis, instanceId, [userId, nowMs]).then(() => announce([userId]))
  })
  // A Redis that comes back may have lost the leases.
  signals.onGap(() => void renewAll())
  const timer = setInterval(() => void renewAll(), renewIntervalMs)
  return { renewAll, close: () => clearInterval(timer) }
}
