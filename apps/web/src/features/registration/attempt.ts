import type { Registration } from '@muster/client'

/** A registration whose code was mailed. */
export type Attempt = {
  email: string
  /** When the code was mailed, in milliseconds of the clock. */
  mailedAtMs: number
  /** The body of the registration, kept in memory alone because it has the password; null after a reload. */
  registration: Registration | null
}

const key = 'muster-registration'
let open: Attempt | null = null

/** The registration of this tab that waits for its code. */
export const currentAttempt = {
  get(): Attempt | null {
    if (open) return open
    try {
      const stored = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Omit<Attempt, 'registration'> | null
      return stored && { ...stored, registration: null }
    } catch {
      return null
    }
  },
  set(attempt: Attempt | null): void {
    open = attempt
    try {
      if (!attempt) sessionStorage.removeItem(key)
      else sessionStorage.setItem(key, JSON.stringify({ email: attempt.email, mailedAtMs: attempt.mailedAtMs }))
    } catch {
      // Without storage it stays in memory.
    }
  },
}
