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

type Known = { revokedAtMs: number | null; renewAtMs: number | null; seenAtMs: number }

const pollIntervalMs = 250
const staleAfterMs = 1_000
/** Longer than any transaction that revokes, so that one that commits late is still seen. */
const pollWindowSeconds = 20
/** As long as an access token lives: older news concern no token that is still good. */
const firstLoadSeconds = 15 * 60
const forgetAfterMs = (firstLoadSeconds + 60) * 1_000

/** Polls Postgres for changed sessions; no Redis and no round trip per request is in it. */
export function startRevocations({ db, log, clock }: { db: Db; log: Logger; clock: Clock }): Revocations {
  const known = new Map<string, Known>()
  let lastSuccessMs = Number.NEGATIVE_INFINITY
  let isLoaded = false
  const loaded = Promise.withResolvers<void>()
  let isClosing = false

  const poll = async () => {
    const startedMs = performance.now()
    const rows = await queries.listChanged(db, isLoaded ? pollWindowSeconds : firstLoadSeconds)
    const seenAtMs = clock.now().getTime()
    for (const { id, revoked_at, renew_at } of rows) {
      known.set(id, { revokedAtMs: revoked_at?.getTime() ?? null, renewAtMs: renew_at?.getTime() ?? null, seenAtMs })
    }
    for (const [id, entry] of known) {
      if (entry.seenAtMs + forgetAfterMs >= seenAtMs) break
      known.delete(id)
    }
    isLoaded = true
    lastSuccessMs = startedMs
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

  const isFresh = () => performance.now() - lastSuccessMs < staleAfterMs

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
      for (const id of sessionIds) known.set(id, { revokedAtMs: nowMs, renewAtMs: null, seenAtMs: nowMs })
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
