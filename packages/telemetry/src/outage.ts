import { withCause } from '@muster/cause'
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
  fields: { dependency: string; component: string } & Record<string, string>
  /** The log messages for the begin and the end of an outage. */
  down: string
  up: string
}

/**
 * Logs each change of an outage once, however often it is noticed: its begin with the reason, each further reason once
 * (also when reasons alternate), and its end with the duration.
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
      // A known code is sufficient; for an unknown reason the log contains the error.
      const line = { ...fields, reason, ...before, ...more, ...(reason === 'UNKNOWN' && { err: error }) }
      // The request that noticed it did not cause it.
      withCause(undefined, () => log.warn(line, down))
    },
    succeeded() {
      if (!current) return
      const durationMs = Math.round(performance.now() - current.sinceMs)
      const line = { ...fields, reason: current.reason, durationMs }
      withCause(undefined, () => log.info(line, up))
      current = undefined
    },
  }
}
