import type { Logger } from '@muster/logger'
import { reasonOf } from './reason.ts'

export type Outage = {
  /** Records a failure; logs it when it begins an outage or has a reason that this outage did not have yet. */
  failed(error: unknown, fields?: object): void
  /** Records a success; logs the end of the outage if there was one. */
  succeeded(): void
}

type OutageOptions = {
  log: Logger
  /** Fields of each log line, e.g. the component that noticed the outage. */
  fields: { dependency: string; component?: string }
  /** Searchable messages. */
  down: string
  up: string
}

/**
 * Logs an outage once per change, however often it is noticed: when it begins, with its reason; when a further reason
 * comes up, but not each time that reasons take turns; and when it is over, with how long it was.
 */
export function trackOutage({ log, fields, down, up }: OutageOptions): Outage {
  let current: { reason: string; told: Set<string>; sinceMs: number } | undefined
  return {
    failed(error, more = {}) {
      const reason = reasonOf(error)
      const before = current && { previousReason: current.reason }
      current ??= { reason, told: new Set(), sinceMs: performance.now() }
      current.reason = reason
      if (current.told.has(reason)) return
      current.told.add(reason)
      // A code says all there is to say of what is known; of anything else the error itself is needed.
      log.warn({ ...fields, reason, ...before, ...more, ...(reason === 'UNKNOWN' && { err: error }) }, down)
    },
    succeeded() {
      if (!current) return
      log.info({ ...fields, reason: current.reason, durationMs: Math.round(performance.now() - current.sinceMs) }, up)
      current = undefined
    },
  }
}
