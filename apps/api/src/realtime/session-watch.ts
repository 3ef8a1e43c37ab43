import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { readSessions, type SessionNow } from '../modules/sessions/read-sessions.ts'
import { createBatches } from './batches.ts'
import type { Connection, Connections } from './connections.ts'

type WatchDeps = Pick<Deps, 'revocations' | 'lookups' | 'clock'> & { log: Logger }
type Live = Exclude<SessionNow, { ended: string }>
type EndReason = Extract<SessionNow, { ended: string }>['ended']

export type SessionWatch = {
  /**
   * Tells whether private data may be emitted: revocations are known as of a second ago, and after a time in which they were not,
   * the session of each connection was checked.
   */
  isOpen(): boolean
  /** Resolves when {@link isOpen} is true, or after `close`. */
  whenOpen(): Promise<void>
  /** Tells whether the session is known to be revoked: its connections are about to be closed. */
  isRevoked(session: { sessionId: string }): boolean
  /** Reads the session of a new connection. Rejects while Postgres is unavailable. */
  check(connection: Connection): Promise<void>
  close(): void
}

/** Sessions read by one query. */
const perQuery = 1_000

/**
 * Keeps the connections of this instance in step with their sessions: ends those whose session was revoked, expired or deactivated,
 * and passes on the actor of those whose role, organization or factor changed.
 * @param steps.revoked is called as soon as a session is known to be revoked, before its row is read
 * @param steps.ended is called when a session has ended
 * @param steps.read is called with each session that was read
 * @param steps.opened is called when emitting is possible again after it was not
 */
export function watchSessions(
  { revocations, lookups, clock, log }: WatchDeps,
  connections: Pick<Connections, 'inRoom' | 'all'>,
  steps: {
    revoked(connection: Connection): void
    ended(connection: Connection, reason: EndReason): void
    read(connection: Connection, session: Live): void
    opened(): void
  },
): SessionWatch {
  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'gateway' },
    down: 'sessions of connections not read',
    up: 'sessions of connections read again',
  })
  let isClosed = false
  let gaps = 0
  let checkedGaps = 0
  let opening = Promise.withResolvers<void>()
  const unread = new Set<string>()

  const apply = (sessions: Map<string, SessionNow>) => {
    for (const [id, session] of sessions) {
      for (const connection of [...connections.inRoom(`session:${id}`)]) {
        if ('ended' in session) steps.ended(connection, session.ended)
        else steps.read(connection, session)
      }
    }
  }
  const check = createBatches(async (ids: readonly string[]) => {
    for (let from = 0; from < ids.length; from += perQuery)
      apply(await readSessions({ lookups, clock }, ids.slice(from, from + perQuery)))
  })
  /** Reads sessions again and again until it succeeds. */
  const recheck = (ids: Iterable<string>): Promise<boolean> => {
    const wanted = [...ids]
    if (wanted.length === 0) return Promise.resolve(true)
    return check(wanted).then(
      () => {
        outage.succeeded()
        return true
      },
      (error: unknown) => {
        outage.failed(error)
        for (const id of wanted) unread.add(id)
        return false
      },
    )
  }

  const checkAll = async () => {
    const gap = gaps
    const ids = new Set([...connections.all()].map(({ sessionId }) => sessionId))
    if (!(await recheck(ids)) || gap <= checkedGaps) return
    checkedGaps = gap
    if (!isOpen()) return
    opening.resolve()
    opening = Promise.withResolvers<void>()
    steps.opened()
  }
  const isOpen = () => checkedGaps === gaps && revocations.isFresh()

  // Of no token: a revoked session is revoked whenever its tokens were issued.
  const isRevoked: SessionWatch['isRevoked'] = ({ sessionId }) =>
    revocations.verdict(sessionId, Number.POSITIVE_INFINITY) === 'revoked'

  const unlisten = revocations.listen({
    changed(ids) {
      const open = ids.filter((id) => [...connections.inRoom(`session:${id}`)].length > 0)
      for (const sessionId of open)
        if (isRevoked({ sessionId })) [...connections.inRoom(`session:${sessionId}`)].forEach(steps.revoked)
      if (open.length > 0) void recheck(open)
    },
    polled({ isAfterGap }) {
      if (isAfterGap) gaps++
      if (gaps > checkedGaps) return void checkAll()
      const nowMs = clock.now().getTime()
      for (const { sessionId, internals } of connections.all())
        if (internals.expiresAtMs <= nowMs) unread.add(sessionId)
      const ids = [...unread]
      unread.clear()
      void recheck(ids)
    },
  })

  return {
    isOpen,
    isRevoked,
    whenOpen: async () => {
      while (!isOpen() && !isClosed) await opening.promise
    },
    check: ({ sessionId }) => check([sessionId]),
    close() {
      isClosed = true
      unlisten()
      opening.resolve()
    },
  }
}
