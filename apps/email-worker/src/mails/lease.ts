import type { Db } from '@muster/db'
import type { ClaimedMail } from './claimed-mail.ts'
import { extendLease } from './mails.queries.ts'

/** Long enough to outlast a short outage of Postgres, short enough that another worker soon sends a killed worker's mail. */
export const leaseMs = 15_000
const renewalIntervalMs = 5_000
/** Upper bound for one SMTP conversation, including the wait for a connection. */
const sendDeadlineMs = 60_000

export type HeldLease = {
  /** Aborts when sending must stop: another worker holds the lease, the process shuts down, or the deadline has passed. */
  signal: AbortSignal
  /** False when another worker may hold the lease, for example after this process was frozen. */
  isSafe(): boolean
  /** Stops the renewal; the lease itself ends with the mail's outcome or expires. */
  release(): void
}

/** Renews a mail's lease until `release` is called. */
export function holdLease(db: Db, mail: ClaimedMail, shutdown: AbortSignal): HeldLease {
  const stop = new AbortController()
  const abort = () => stop.abort()
  let safeUntilMs = mail.leaseSafeUntilMs
  const renew = async () => {
    const untilMs = performance.now() + leaseMs
    if (await extendLease(db, mail, leaseMs)) {
      safeUntilMs = untilMs
    } else {
      safeUntilMs = 0
      abort()
    }
  }
  // A failed renewal is ignored: the lease outlasts several of them.
  const renewal = setInterval(() => void renew().catch(() => {}), renewalIntervalMs)
  const deadline = setTimeout(abort, sendDeadlineMs)
  shutdown.addEventListener('abort', abort)
  if (shutdown.aborted) abort()
  return {
    signal: stop.signal,
    isSafe: () => performance.now() < safeUntilMs,
    release() {
      clearInterval(renewal)
      clearTimeout(deadline)
      shutdown.removeEventListener('abort', abort)
    },
  }
}
