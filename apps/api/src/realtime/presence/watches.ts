import { DomainError } from '@muster/errors'
import { presenceOf } from '@muster/presence'
import type { ServerEventPayload } from '@muster/realtime/events'
import { trackOutage } from '@muster/telemetry'
import type { Context } from '../../context.ts'
import { scaledMax, socketLimits } from '../../http/limits/limits.ts'
import { findVisiblePresence } from '../../modules/accounts/presence.ts'
import { createBatches } from '../batches.ts'
import type { Connection } from '../connections.ts'
import type { Gateway } from '../gateway.ts'

type View = ServerEventPayload<'presence'>
type Watch = { connection: Connection; userId: string }

const tickMs = 1_000
/** Pairs of viewer and user that one statement checks. */
const perQuery = 2_000
const hidden = { status: 'offline', lastSeenAt: null } as const

/**
 * Pushes the presence of users to the connections that watch them. What a viewer may know is decided by the rows of the moment, each
 * time before something is sent; a user whose presence the viewer may not know looks as if they were always offline.
 */
export function watchPresence(gateway: Gateway, context: Context) {
  const { presence, redis, clock, log, config } = context
  const { signals, connections } = gateway
  /** By user, the connections that watch them, each with what it was told last. */
  const watchers = new Map<string, Map<Connection, string | undefined>>()
  const watchesOf = new WeakMap<Connection, Set<string>>()
  /** When users cease to be online unless something new happens. */
  const onlineUntilMs = new Map<string, number>()
  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'presence' },
    down: 'presence not read, clients fetch it',
    up: 'presence read again',
  })

  const add = (connection: Connection, userIds: readonly string[]) => {
    const own = watchesOf.get(connection) ?? new Set()
    const max = scaledMax(socketLimits.presenceSubscriptions, config.rateLimitScale)
    if (new Set([...own, ...userIds]).size > max)
      throw new DomainError('CONFLICT', {
        message: `You can watch at most ${max} users. Send presence:unsubscribe for some of them first.`,
      })
    watchesOf.set(connection, own)
    for (const userId of userIds) {
      own.add(userId)
      const of = watchers.get(userId) ?? new Map<Connection, string | undefined>()
      watchers.set(userId, of.set(connection, of.get(connection)))
    }
  }
  const remove = (connection: Connection, userIds: Iterable<string>) => {
    for (const userId of userIds) {
      watchesOf.get(connection)?.delete(userId)
      watchers.get(userId)?.delete(connection)
      if (watchers.get(userId)?.size !== 0) continue
      watchers.delete(userId)
      onlineUntilMs.delete(userId)
    }
  }

  /** Reads what the viewers of these watches may know, in their order. */
  const read = async (watches: readonly Watch[]): Promise<View[]> => {
    const records = await presence.read(watches.map(({ userId }) => userId))
    const visible = new Map<string, Date | null>()
    for (let from = 0; from < watches.length; from += perQuery) {
      const pairs = watches.slice(from, from + perQuery).map(toPair)
      for (const { lastSeenAt, ...pair } of await findVisiblePresence(signals.db, pairs))
        visible.set(keyOf(pair), lastSeenAt)
    }
    const now = clock.now()
    return watches.map((watch) => {
      const { userId } = watch
      const lastSeenAt = visible.get(keyOf(toPair(watch)))
      if (lastSeenAt === undefined) return { userId, ...hidden }
      if (records === null) return { userId, status: null, lastSeenAt: lastSeenAt?.toISOString() ?? null }
      const record = records.get(userId)
      const view = presenceOf(record, { lastSeenAt, now })
      if (view.status === 'online') onlineUntilMs.set(userId, record?.onlineUntilMs ?? now.getTime() + tickMs)
      else onlineUntilMs.delete(userId)
      return { userId, ...view }
    })
  }

  const tell = async (watches: readonly Watch[]) => {
    const views = await read(watches)
    for (const [index, { connection, userId }] of watches.entries()) {
      const view = views[index] as View
      const of = watchers.get(userId)
      if (!of?.has(connection) || of.get(connection) === wordOf(view)) continue
      if (gateway.emit([connection], 'presence', view, { isDroppable: true })) of.set(connection, wordOf(view))
    }
  }
  /** Tells what changed about users to those who watch them. A failure makes the clients ask again. */
  const reconsider = createBatches(async (userIds: readonly string[]) => {
    const watches = userIds.flatMap((userId) =>
      [...(watchers.get(userId)?.keys() ?? [])].map((connection) => ({ connection, userId })),
    )
    await tell(watches).then(outage.succeeded, (error: unknown) => {
      outage.failed(error)
      gateway.emit(new Set(watches.map(({ connection }) => connection)), 'stale', { kinds: ['presence'] })
    })
  })
  const watched = (userId: string) => (watchers.has(userId) ? [userId] : [])

  signals.on('presence', ({ userId, isAccess }) => {
    if (!userId) return
    const seen = isAccess ? [...connections.ofUser(userId)].flatMap((each) => [...(watchesOf.get(each) ?? [])]) : []
    void reconsider([...watched(userId), ...seen])
  })
  signals.onGap(() => void reconsider([...watchers.keys()]))
  gateway.onDisconnect((connection) => remove(connection, [...(watchesOf.get(connection) ?? [])]))

  gateway.handle('presence:subscribe', async (connection, { userIds }) => {
    const distinct = [...new Set(userIds)]
    // Before the rows are read, so that no change is lost between.
    add(connection, distinct)
    const views = await read(distinct.map((userId) => ({ connection, userId })))
    for (const { userId, ...view } of views) {
      const of = watchers.get(userId)
      if (of?.has(connection)) of.set(connection, wordOf({ userId, ...view }))
    }
    // Closed before it was added: nobody would remove it.
    if (!new Set(connections.ofUser(connection.actor.userId)).has(connection)) remove(connection, distinct)
    return { presence: views }
  })
  gateway.handle('presence:unsubscribe', (connection, { userIds }) => {
    remove(connection, userIds)
    return {}
  })

  let isRedisAway = false
  const tick = async () => {
    if (watchers.size === 0) return
    const wasAway = isRedisAway
    isRedisAway = (await redis.attempt((client) => client.ping(), null)) === null
    if (wasAway !== isRedisAway) return reconsider([...watchers.keys()])
    const nowMs = clock.now().getTime()
    return reconsider([...onlineUntilMs].flatMap(([userId, untilMs]) => (untilMs <= nowMs ? watched(userId) : [])))
  }
  let ticking: Promise<void> | undefined
  const timer = setInterval(() => {
    ticking ??= tick().finally(() => {
      ticking = undefined
    })
  }, tickMs)
  return {
    async close() {
      clearInterval(timer)
      await ticking
    },
  }
}

const toPair = ({ connection, userId }: Watch) => ({ viewerId: connection.actor.userId, userId })
const keyOf = ({ viewerId, userId }: { viewerId: string; userId: string }) => `${viewerId} ${userId}`
/** Two views with the same word need no event: of who is online, the time changes all along. */
const wordOf = ({ status, lastSeenAt }: View) => (status === 'offline' ? `offline ${lastSeenAt}` : `${status}`)
