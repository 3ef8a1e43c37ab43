import { RetryLater } from '@muster/jobs/worker'
import type { Logger } from '@muster/logger'

/**
 * Spares a mail server that fails everybody: after so many failures in a row nothing is sent for a while, then one
 * message goes out as a probe while the others wait for what comes of it.
 */
export type Circuit = {
  /**
   * Lets the caller send, or makes it wait for a probe.
   * @throws RetryLater while nothing may be sent
   */
  enter(signal: AbortSignal): Promise<Permit>
  close(): void
}

/** Must be given back by exactly one of its functions; further calls do nothing. */
export type Permit = {
  /** The server did its work, be it by refusing this message. */
  answered(): void
  /**
   * @param failure.about counts once in a row: the recipient of whom the server spoke; none when it fails altogether
   * @param failure.summary what the server answered, for the log
   */
  failed(failure: Failure): void
  /** Nothing was sent after all. */
  unused(): void
}

export type Failure = { about?: string | undefined; summary: string }

export type CircuitOptions = {
  failureLimit: number
  pauseMs: number
}

type Queue = { pause(): void; resume(): void }

type State =
  | { name: 'closed' }
  | { name: 'open'; untilMs: number }
  | { name: 'probing'; ended: PromiseWithResolvers<void> }

export function createCircuit(
  { failureLimit, pauseMs }: CircuitOptions,
  { log, queue }: { log: Logger; queue: Queue },
): Circuit {
  let state: State = { name: 'closed' }
  let failures = 0
  let recipients = new Set<string>()
  let resumeTimer: NodeJS.Timeout | undefined

  const forget = () => {
    failures = 0
    recipients = new Set()
  }

  const open = (smtp: string) => {
    log.error({ failures, pauseMs, smtp }, 'email queue paused: the SMTP server fails or refuses mail in a row')
    endProbe({ name: 'open', untilMs: performance.now() + pauseMs })
    queue.pause()
    resumeTimer = setTimeout(() => queue.resume(), pauseMs)
  }

  const endProbe = (next: State) => {
    const ended = state.name === 'probing' ? state.ended : undefined
    state = next
    ended?.resolve()
  }

  const answered = () => {
    if (state.name === 'probing') log.info('email queue resumed: the SMTP server works again')
    forget()
    endProbe({ name: 'closed' })
  }

  const failed = (isProbe: boolean, { about, summary }: Failure) => {
    // What was under way when it opened tells nothing new.
    if (state.name === 'open' || (state.name === 'probing' && !isProbe)) return
    if (about === undefined) failures += 1
    else if (!recipients.has(about)) {
      recipients.add(about)
      failures += 1
    }
    if (isProbe || failures >= failureLimit) open(summary)
  }

  return {
    async enter(signal) {
      while (state.name === 'probing') await Promise.race([state.ended.promise, aborted(signal)])
      if (state.name === 'open') {
        const leftMs = state.untilMs - performance.now()
        if (leftMs > 0) throw new RetryLater('sending pauses', Math.ceil(leftMs))
        state = { name: 'probing', ended: Promise.withResolvers() }
        return permit(true)
      }
      return permit(false)
    },
    close: () => clearTimeout(resumeTimer),
  }

  function permit(isProbe: boolean): Permit {
    let isGivenBack = false
    const once = (act: () => void) => {
      if (isGivenBack) return
      isGivenBack = true
      act()
    }
    return {
      answered: () => once(answered),
      failed: (failure) => once(() => failed(isProbe, failure)),
      unused: () =>
        once(() => {
          // The next one is the probe.
          if (isProbe) endProbe({ name: 'open', untilMs: performance.now() })
        }),
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
