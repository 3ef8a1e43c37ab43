import { surroundings, tell } from './surroundings.ts'

/** Tells on standard error how far a long command is; the text is made only when it is told. */
export type Progress = (describe: () => string) => void

const progressEveryMs = 2_000

/** Creates a progress that tells something every two seconds. */
export function progress(): Progress {
  let toldAtMs = performance.now()
  return (describe) => {
    if (performance.now() - toldAtMs < progressEveryMs) return
    toldAtMs = performance.now()
    tell(describe())
  }
}

/** Returns a signal that aborts with the message when the operator interrupts the command, which then ends in order. */
export function stopSignal(message: string): AbortSignal {
  const controller = new AbortController()
  const { signals } = surroundings()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) signals.once(signal, () => controller.abort(new Error(message)))
  return controller.signal
}

/** Throws the cause of an error with its remedy: a message about an unavailable store says less than its cause. */
export function rethrowCause(error: unknown): never {
  const { cause } = Object(error)
  if (!(cause instanceof Error)) throw error
  const { remedy } = Object(cause)
  throw new Error(remedy && !cause.message.includes(remedy) ? `${cause.message} ${remedy}` : cause.message, {
    cause: error,
  })
}
