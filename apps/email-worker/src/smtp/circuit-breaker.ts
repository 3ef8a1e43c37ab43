import { withCause } from '@muster/cause'
import { RetryLater } from '@muster/jobs/worker'
import type { Logger } from '@muster/logger'
import { smtpCircuitOpen } from '../metrics.ts'

/**
 * Stops sending while the SMTP server fails for all mails: after several failures in a row the circuit opens and the queue
 * pauses, then one mail is sent as a probe, and the result of the probe closes the circuit or opens it again.
 * Each process has its own. docs/decisions/029 compares it with cockatiel.
 */
export type CircuitBreaker = {
  /**
   * Returns a permit to send one mail. While a probe is being sent, waits for its result.
   * @throws RetryLater while the circuit is open
   */
  acquire(signal: AbortSignal): Promise<Permit>
  close(): void
}

/** Counts the first call of one of its functions and ignores further calls. */
export type Permit = {
  /** The server works: it accepted this mail, or rejected only this mail. */
  succeeded(): void
  /**
   * The server failed or refused the mail.
   * @param failure.recipient counts once in a row for this recipient; undefined when the server failed for all mails
   * @param failure.summary the server's reply, for the log
   */
  failed(failure: Failure): void
  /** No mail was sent. A probe's permit goes to the next mail. */
  release(): void
}

export type Failure = { recipient?: string | undefined; summary: string }

export type CircuitBreakerOptions = {
  /** Failures in a row that open the circuit. */
  failureLimit: number
  pauseMs: number
}

type PausableQueue = { pause(): void; resume(): void }

type State =
  | { name: 'closed' }
  | { name: 'open'; untilMs: number }
  | { name: 'half-open'; probeEnded: PromiseWithResolvers<void> }

export function createCircuitBreaker(
  { failureLimit, pauseMs }: CircuitBreakerOptions,
  { log, queue }: { log: Logger; queue: PausableQueue },
): CircuitBreaker {
  let state: State = { name: 'closed' }
  let failures = 0
  let recipients = new Set<string>()
  let resumeTimer: NodeJS.Timeout | undefined

  const setState = (next: State) => {
    const probeEnded = state.name === 'half-open' ? state.probeEnded : undefined
    state = next
    smtpCircuitOpen.set(next.name === 'closed' ? 0 : 1)
    probeEnded?.resolve()
  }

  const open = (smtp: string) => {
    // No mail is the cause, but the server.
    withCause(undefined, () =>
      log.error(
        { component: 'smtp', failures, pauseMs, smtp },
        'email queue paused, smtp server failed several times in a row',
      ),
    )
    setState({ name: 'open', untilMs: performance.now() + pauseMs })
    queue.pause()
    resumeTimer = setTimeout(() => queue.resume(), pauseMs)
  }

  const succeeded = () => {
    if (state.name === 'half-open')
      withCause(undefined, () => log.info({ component: 'smtp' }, 'email queue resumed, smtp server works again'))
    failures = 0
    recipients = new Set()
    setState({ name: 'closed' })
  }

  const failed = (isProbe: boolean, { recipient, summary }: Failure) => {
    // Ignores mails that were being sent when the circuit opened.
    if (state.name === 'open' || (state.name === 'half-open' && !isProbe)) return
    if (recipient === undefined) failures += 1
    else if (!recipients.has(recipient)) {
      recipients.add(recipient)
      failures += 1
    }
    if (isProbe || failures >= failureLimit) open(summary)
  }

  const permit = (isProbe: boolean): Permit => {
    let isUsed = false
    const once = (act: () => void) => {
      if (isUsed) return
      isUsed = true
      act()
    }
    return {
      succeeded: () => once(succeeded),
      failed: (failure) => once(() => failed(isProbe, failure)),
      release: () =>
        once(() => {
          if (isProbe) setState({ name: 'open', untilMs: performance.now() })
        }),
    }
  }

  return {
    async acquire(signal) {
      while (state.name === 'half-open') await Promise.race([state.probeEnded.promise, rejectOnAbort(signal)])
      if (state.name === 'closed') return permit(false)
      const remainingMs = state.untilMs - performance.now()
      if (remainingMs > 0) throw new RetryLater('email queue paused', Math.ceil(remainingMs))
      state = { name: 'half-open', probeEnded: Promise.withResolvers() }
      return permit(true)
    },
    close: () => clearTimeout(resumeTimer),
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
