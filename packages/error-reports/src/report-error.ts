/** The circumstances of an error. */
export type ErrorContext = {
  /** Fixed words and patterns alone, e.g. the pattern of a route or the name of a job. */
  tags?: Record<string, string | undefined>
  requestId?: string | undefined
  /** The data that a user sent: no text in them leaves, even where the message of the error quotes it. */
  given?: readonly unknown[]
}

type Reporter = (error: unknown, context: ErrorContext) => void

let reporter: Reporter | undefined

/** Sets who gets the errors of this process; undefined for nobody. */
export function setReporter(next: Reporter | undefined): void {
  reporter = next
}

/** Reports an error that nobody expected to the server of SENTRY_DSN, if there is one. Returns at once, and never throws. */
export function reportError(error: unknown, context: ErrorContext = {}): void {
  try {
    reporter?.(error, context)
  } catch {
    // The error itself is logged by the caller.
  }
}
