import type { Db } from '@muster/db'
import { type ClaimedMail, extendLease } from './mails.queries.ts'

/** Long enough for a hiccup of Postgres, short enough that a killed worker's mail goes out soon. */
export const leaseMs = 15_000
const leaseRenewalMs = 5_000
/** For one whole conversation with the server, the wait for a connection included. */
const sendDeadlineMs = 60_000

export type HeldLease = {
  /** Aborts when there is no more time to send: another worker has the lease, the process ends, the server dawdles. */
  signal: AbortSignal
  /** False as soon as another worker might have the lease, e.g. after this process stood still. */
  isSure(): boolean
  release(): void
}

/** Keeps the lease for as long as the sending takes. */
export function holdLease(db: Db, mail: ClaimedMail, processEnds: AbortSignal): HeldLease {
  const stop = new AbortController()
  const abort = () => stop.abort()
  let sureUntilMs = mail.leaseSureUntilMs
  const extend = async () => {
    const untilMs = performance.now() + leaseMs
    if (await extendLease(db, mail, leaseMs)) {
      sureUntilMs = untilMs
    } else {
      sureUntilMs = 0
      abort()
    }
  }
  // Postgres may be away for a moment; the lease holds for longer.
  const renewal = setInterval(() => void extend().catch(() => {}), leaseRenewalMs)
  const deadline = setTimeout(abort, sendDeadlineMs)
  processEnds.addEventListener('abort', abort)
  if (processEnds.aborted) abort()
  return {
    signal: stop.signal,
    isSure: () => performance.now() < sureUntilMs,
    release() {
      clearInterval(renewal)
      clearTimeout(deadline)
      processEnds.removeEventListener('abort', abort)
    },
  }
}
