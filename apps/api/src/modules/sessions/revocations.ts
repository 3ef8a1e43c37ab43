import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Db } from '@muster/db'
import type { Logger } from '@muster/logger'
import * as queries from './sessions.queries.ts'

/** The sessions that ended, or must be renewed, before their access tokens expire, as far as this API instance knows. */
export type Revocations = {
  /** Judges an access token: `revoked` must be refused; `renew` has outdated claims, which a refresh replaces. */
  verdict(sessionId: string, issuedAtMs: number): 'good' | 'renew' | 'revoked'
  /** Refuses the sessions' access tokens on this instance at once; other instances read the rows at their next poll. */
  noteRevoked(sessionIds: readonly string[]): void
  /** Tells whether a poll succeeded within the last second. When none did, no request can be authenticated. */
  isFresh(): boolean
  /** Returns the time since the last successful poll began; undefined before the first one. */
  pollAgeMs(): number | undefined
  /**
   * Waits for a poll when the last one is too old, e.g. because the process or Postgres was stalled. Resolves with false after
   * 2 s without one, and at once when polls have failed for that long, because Postgres is unavailable.
   */
  whenFresh(): Promise<boolean>
  /** Resolves after the first successful poll. */
  loaded: Promise<void>
  /** Tells the listener about every change from now on, until the returned function is called. */
  listen(listener: RevocationListener): () => void
  close(): Promise<void>
}

/** Tells open connections of sessions that ended or changed, because no request of theirs asks. Both functions are called synchronously. */
export type RevocationListener = {
  /** These sessions were revoked, or the claims of their access tokens became outdated. */
  changed(sessionIds: readonly string[]): void
  /** A poll succeeded. `isAfterGap`: no other one had, for so long that changes could not be known in time. */
  polled(poll: { isAfterGap: boolean }): void
}

type Known = {
  revokedAtMs: number | null
  renewAtMs: number | null
  /** Differs after each change of the row. */
  version: string | null
  seen: Instant
}

const pollIntervalMs = 250
const staleAfterMs = 1_000
/** A stall of Postgres that is shorter delays requests. After a longer one they are refused without a wait. */
const patienceMs = 2_000
/** Upper bound for the duration of a transaction that revokes, not counting stalls: polls read this far back. */
const commitLagSeconds = 20
/** The time between two polls counts at most this much: the rest was a stall, in which transactions stood still too. */
const maxGapMs = 1_000
/** The lifetime of an access token: revocations before that concern no token that is still valid. */
const tokenLifeSeconds = 15 * 60
const keptForMs = (tokenLifeSeconds + 60) * 1_000

/** Starts to poll Postgres for changed sessions, so that no request needs a round trip, and none depends on Redis. */
export function startRevocations({ db, log, clock }: { db: Db; log: Logger; clock: Clock }): Revocations {
  const known = new Map<string, Known>()
  const polls = createPollMarks()
  let lastSuccess: Instant | undefined
  const loaded = Promise.withResolvers<void>()
  const closing = new AbortController()

  const listeners = new Set<RevocationListener>()

  /** @returns whether this is new */
  const learn = (id: string, now: Known): boolean => {
    const before = known.get(id)
    // A poll that began before this instance revoked the session reads an outdated row: a revoked session never reopens.
    const revokedAtMs = now.revokedAtMs ?? before?.revokedAtMs ?? null
    known.set(id, { ...now, revokedAtMs })
    const wasRevoked = before !== undefined && before.revokedAtMs !== null
    return !wasRevoked && before?.version !== now.version
  }
  const tellChanged = (ids: readonly string[]) => {
    if (ids.length > 0) for (const listener of listeners) listener.changed(ids)
  }

  const poll = async () => {
    const started = readClocks()
    const since = polls.since(started.steadyMs)
    const seconds = since ? commitLagSeconds : tokenLifeSeconds + commitLagSeconds
    const { at, sessions } = await queries.listChanged(db, { since, seconds })
    polls.note(at, started.steadyMs)
    const seen = readClocks()
    const changed = sessions.filter(({ id, revoked_at, renew_at, version }) =>
      learn(id, {
        revokedAtMs: revoked_at?.getTime() ?? null,
        renewAtMs: renew_at?.getTime() ?? null,
        version,
        seen,
      }),
    )
    tellChanged(changed.map(({ id }) => id))
    for (const [id, entry] of known) {
      if (elapsedMs(entry.seen, seen, Math.min) <= keptForMs) break
      known.delete(id)
    }
    const isAfterGap = lastSuccess !== undefined && elapsedMs(lastSuccess, seen, Math.max) >= staleAfterMs
    lastSuccess = started
    for (const listener of listeners) listener.polled({ isAfterGap })
    loaded.resolve()
  }

  // While Postgres is unavailable, polls fail four times a second: log only the first failure and the recovery.
  let isFailing = false
  let isUnavailable = false
  let patience: NodeJS.Timeout | undefined
  let nextPoll = Promise.withResolvers<void>()
  const resumeWaiting = () => {
    nextPoll.resolve()
    nextPoll = Promise.withResolvers<void>()
  }
  const noteUnavailable = () => {
    isUnavailable = true
    resumeWaiting()
  }
  const noteFailure = (error: unknown) => {
    if (isFailing) return
    log.warn(
      { component: 'revocations', err: error },
      'revocations poll failed, signed-in requests wait for the next one',
    )
    isFailing = true
    patience = setTimeout(noteUnavailable, patienceMs)
  }
  const noteSuccess = () => {
    if (isFailing) log.info({ component: 'revocations' }, 'revocations poll recovered')
    isFailing = false
    isUnavailable = false
    clearTimeout(patience)
  }

  const pollAgeMs = () => lastSuccess && elapsedMs(lastSuccess, readClocks(), Math.max)
  const isFresh = () => (pollAgeMs() ?? Number.POSITIVE_INFINITY) < staleAfterMs

  const loop = async () => {
    while (!closing.signal.aborted) {
      await poll().then(noteSuccess, noteFailure)
      resumeWaiting()
      await sleep(pollIntervalMs, undefined, { signal: closing.signal }).catch(() => {})
    }
  }
  const running = loop()

  return {
    verdict(sessionId, issuedAtMs) {
      const entry = known.get(sessionId)
      if (!entry) return 'good'
      if (entry.revokedAtMs !== null) return 'revoked'
      return entry.renewAtMs !== null && issuedAtMs < entry.renewAtMs ? 'renew' : 'good'
    },
    noteRevoked(sessionIds) {
      const revokedAtMs = clock.now().getTime()
      tellChanged(
        sessionIds.filter((id) => learn(id, { revokedAtMs, renewAtMs: null, version: null, seen: readClocks() })),
      )
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    loaded: loaded.promise,
    isFresh,
    pollAgeMs,
    async whenFresh() {
      const lastMs = performance.now() + patienceMs
      while (!isFresh() && !isUnavailable && performance.now() < lastMs) await nextPoll.promise
      return isFresh()
    },
    async close() {
      closing.abort()
      await running
      clearTimeout(patience)
      noteUnavailable()
    },
  }
}

/** A time on two clocks: a steady one, which may stop while the machine sleeps, and the wall clock, which may be set. */
type Instant = { steadyMs: number; wallMs: number }

const readClocks = (): Instant => ({ steadyMs: performance.now(), wallMs: Date.now() })

/** Computes the elapsed time: the longer (`Math.max`) or the shorter (`Math.min`) of the two clocks' answers. */
const elapsedMs = (from: Instant, to: Instant, which: typeof Math.max) =>
  which(to.steadyMs - from.steadyMs, to.wallMs - from.wallMs)

/**
 * Records the database's times of successful polls, which decide from when on the next poll reads: from the latest poll
 * that is at least as old as a commit may lag, not counting stalls. So after a stall, polls read from before it for that
 * long: changes of before or during the stall may commit after polls have succeeded again.
 */
function createPollMarks() {
  const lagMs = commitLagSeconds * 1_000
  let marks: { at: Date; steadyMs: number; awakeMs: number }[] = []
  return {
    /** Returns when the next poll reads from; undefined, as for the first poll, after a gap of an access token's lifetime. */
    since(steadyMs: number): Date | undefined {
      const last = marks.at(-1)
      if (last && steadyMs - last.steadyMs > tokenLifeSeconds * 1_000) marks = []
      return marks[0]?.at
    },
    note(at: Date, steadyMs: number): void {
      const last = marks.at(-1) ?? { steadyMs, awakeMs: 0 }
      if (marks.length === 0) marks.push({ at: new Date(at.getTime() - lagMs), steadyMs, awakeMs: -lagMs })
      const awakeMs = last.awakeMs + Math.min(maxGapMs, steadyMs - last.steadyMs)
      marks.push({ at, steadyMs, awakeMs })
      while ((marks[1]?.awakeMs ?? awakeMs) <= awakeMs - lagMs) marks.shift()
    },
  }
}
