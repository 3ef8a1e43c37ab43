import type { Clock, Db } from '@muster/db'
import type { Logger } from '@muster/logger'
import * as queries from './sessions.queries.ts'

/** What this API instance knows of sessions that ended or must be renewed before their access tokens run out. */
export type Revocations = {
  /** `revoked`: refuse. `renew`: the token's claims are out of date, a refresh makes new ones. */
  verdict(sessionId: string, issuedAtMs: number): 'good' | 'renew' | 'revoked'
  /** Takes effect on this instance at once; the others see the row within a poll. */
  noteRevoked(sessionIds: readonly string[]): void
  /** False when Postgres could not be asked for a second: then nobody can be let in. */
  isFresh(): boolean
  /**
   * For when it is not fresh: a process that had to stand still asks again at once and waits for the answer, while one
   * that can't reach Postgres says no without delay.
   */
  whenFresh(): Promise<boolean>
  /** Resolves when Postgres was asked for the first time. */
  loaded: Promise<void>
  close(): Promise<void>
}

type Known = { revokedAtMs: number | null; renewAtMs: number | null; seen: Instant }

const pollIntervalMs = 250
const staleAfterMs = 1_000
/** Longer than any transaction that revokes, while Postgres and its client run, so that one that commits late is still seen. */
const commitLagSeconds = 20
/** Two polls further apart than this had a stall between them, in which transactions stood still too. */
const longestGapMs = 1_000
/** As long as an access token lives: older news concern no token that is still good. */
const tokenLifeSeconds = 15 * 60
const forgetAfterMs = (tokenLifeSeconds + 60) * 1_000

/** Polls Postgres for changed sessions; no Redis and no round trip per request is in it. */
export function startRevocations({ db, log, clock }: { db: Db; log: Logger; clock: Clock }): Revocations {
  const known = new Map<string, Known>()
  const polls = createPollMarks()
  let lastSuccess: Instant | undefined
  const loaded = Promise.withResolvers<void>()
  let isClosing = false

  const learn = (id: string, { revokedAtMs, renewAtMs, seen }: Known) => {
    // What was read just before this instance revoked it is out of date: a revoked session is never open again.
    known.set(id, { revokedAtMs: revokedAtMs ?? known.get(id)?.revokedAtMs ?? null, renewAtMs, seen })
  }

  const poll = async () => {
    const started = readClocks()
    const since = polls.since(started.steadyMs)
    const seconds = since ? commitLagSeconds : tokenLifeSeconds + commitLagSeconds
    const { at, sessions } = await queries.listChanged(db, { since, seconds })
    polls.note(at, started.steadyMs)
    const seen = readClocks()
    for (const { id, revoked_at, renew_at } of sessions)
      learn(id, { revokedAtMs: revoked_at?.getTime() ?? null, renewAtMs: renew_at?.getTime() ?? null, seen })
    for (const [id, entry] of known) {
      if (elapsedMs(entry.seen, seen, Math.min) <= forgetAfterMs) break
      known.delete(id)
    }
    lastSuccess = started
    loaded.resolve()
  }

  // Polls fail four times a second while Postgres is away: one line when it begins, one when it ends.
  let isFailing = false
  let asked = Promise.withResolvers<void>()
  const noteFailure = (error: unknown) => {
    if (!isFailing)
      log.warn({ err: error }, 'revocations can not be read; signed-in requests are refused until they can')
    isFailing = true
  }
  const noteSuccess = () => {
    if (isFailing) log.info('revocations are read again')
    isFailing = false
  }

  const isFresh = () => lastSuccess !== undefined && elapsedMs(lastSuccess, readClocks(), Math.max) < staleAfterMs

  const loop = async () => {
    while (!isClosing) {
      await poll().then(noteSuccess, noteFailure)
      asked.resolve()
      asked = Promise.withResolvers<void>()
      await new Promise((resolve) => setTimeout(resolve, pollIntervalMs))
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
      const nowMs = clock.now().getTime()
      for (const id of sessionIds) learn(id, { revokedAtMs: nowMs, renewAtMs: null, seen: readClocks() })
    },
    loaded: loaded.promise,
    isFresh,
    async whenFresh() {
      if (!isFresh() && !isFailing) await asked.promise
      return isFresh()
    },
    async close() {
      isClosing = true
      await running
      isFailing = true
      asked.resolve()
    },
  }
}

/** A moment on two clocks: one that runs evenly but may stand still with its machine, and one that may be set. */
type Instant = { steadyMs: number; wallMs: number }

const readClocks = (): Instant => ({ steadyMs: performance.now(), wallMs: Date.now() })

/** The longer (`Math.max`) or the shorter (`Math.min`) of what the two clocks say has passed. */
const elapsedMs = (from: Instant, to: Instant, which: typeof Math.max) =>
  which(to.steadyMs - from.steadyMs, to.wallMs - from.wallMs)

/**
 * Keeps the database's times of the polls that succeeded, to know from when the next one reads: from the last one that is
 * as long ago as a commit may lag, not counting stalls. After a stall that is from before it, and stays so for that long:
 * what was changed before or during the stall may be committed when polls have succeeded again.
 */
function createPollMarks() {
  const lagMs = commitLagSeconds * 1_000
  let marks: { at: Date; steadyMs: number; heardMs: number }[] = []
  return {
    /** Undefined when nothing was heard for as long as access tokens live: then it is like the first poll. */
    since(steadyMs: number): Date | undefined {
      const last = marks.at(-1)
      if (last && steadyMs - last.steadyMs > tokenLifeSeconds * 1_000) marks = []
      return marks[0]?.at
    },
    note(at: Date, steadyMs: number): void {
      const last = marks.at(-1) ?? { steadyMs, heardMs: 0 }
      if (marks.length === 0) marks.push({ at: new Date(at.getTime() - lagMs), steadyMs, heardMs: -lagMs })
      const heardMs = last.heardMs + Math.min(longestGapMs, steadyMs - last.steadyMs)
      marks.push({ at, steadyMs, heardMs })
      while ((marks[1]?.heardMs ?? heardMs) <= heardMs - lagMs) marks.shift()
    },
  }
}
