/** A sign-in that waits for its second step. Its token stays in memory. */
export type Challenge = {
  challengeToken: string
  method: 'otp' | 'totp'
  /** When the challenge ends, in milliseconds of the clock. */
  expiresAtMs: number
  /** When the last code was mailed, as far as this page knows. */
  mailedAtMs: number
  next: string | undefined
}

let open: Challenge | null = null

/** The sign-in that waits for its code, if one does. */
export const currentChallenge = {
  get: () => open,
  set(challenge: Challenge | null) {
    open = challenge
  },
}

/** Reads the challenge that a sign-in with Google leaves in the fragment of the address; null when there is none. */
export function challengeOfFragment(fragment: string, next: string | undefined): Challenge | null {
  const values = new URLSearchParams(fragment.replace(/^#/, ''))
  const challengeToken = values.get('challenge')
  const method = values.get('method')
  const expiresAtMs = Date.parse(values.get('expiresAt') ?? '')
  if (!challengeToken || (method !== 'otp' && method !== 'totp') || Number.isNaN(expiresAtMs)) return null
  return { challengeToken, method, expiresAtMs, mailedAtMs: Date.now(), next }
}
