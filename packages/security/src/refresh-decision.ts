/** How long a token is returned without a rotation, and its predecessor is answered with the same successor. */
export const refreshGraceMs = 10_000
export const idleLimitMs = 7 * 86_400_000
export const rememberedIdleLimitMs = 30 * 86_400_000
export const absoluteLimitMs = 90 * 86_400_000

/** The state of the session row when a refresh arrives. */
export type SessionState = {
  /** The current token's number. */
  n: number
  /** When the current token was issued: at sign-in or the last rotation. */
  rotatedAt: Date
  /** Whether the current token has been presented, which proves that the client received it. */
  successorSeen: boolean
  expiresAt: Date
  revokedAt: Date | null
}

/**
 * - `current-young`: return the same token; when `markSeen`, set `successorSeen = true` where n is unchanged.
 * - `rotate`: `UPDATE … SET n = n + 1, rotated_at = now, successor_seen = false WHERE n = presented AND revoked_at IS NULL`.
 *   When it changes no row, another refresh came first: read the row and decide again; no other response is correct.
 * - `replay-successor`: return token `n` of the row, change nothing.
 * - `reuse`: a token that its owner has replaced; revoke the session, write the audit event, send the security alert.
 * - `revoked`, `expired`: the session is over; change nothing.
 * - `unknown`: a number that this row never issued (the database was restored from a backup); refuse, change nothing.
 */
export type RefreshDecision =
  | { outcome: 'current-young'; answerN: number; markSeen: boolean }
  | { outcome: 'rotate'; answerN: number }
  | { outcome: 'replay-successor'; answerN: number }
  | { outcome: 'reuse' | 'revoked' | 'expired' | 'unknown' }

/**
 * Decides the outcome of a refresh with a verified token. Of fifty concurrent requests with the current token all decide `rotate`; one
 * conditional UPDATE changes the row, and the other forty-nine decide again as predecessors within the grace.
 * A row that was rotated later than `now` (by another machine's clock, or while the request waited) counts as just rotated.
 */
export function decideRefresh({
  session,
  presentedN,
  now,
}: {
  session: SessionState
  presentedN: number
  now: Date
}): RefreshDecision {
  if (session.revokedAt) return { outcome: 'revoked' }
  if (now >= session.expiresAt) return { outcome: 'expired' }
  if (presentedN > session.n) return { outcome: 'unknown' }
  const young = now.getTime() - session.rotatedAt.getTime() < refreshGraceMs
  if (presentedN === session.n) {
    return young
      ? { outcome: 'current-young', answerN: session.n, markSeen: !session.successorSeen }
      : { outcome: 'rotate', answerN: session.n + 1 }
  }
  const isPredecessor = presentedN === session.n - 1
  if (isPredecessor && (young || !session.successorSeen)) return { outcome: 'replay-successor', answerN: session.n }
  return { outcome: 'reuse' }
}

/** Computes when a session ends that is used now: after its idle limit, or 90 days after sign-in, whichever is earlier. */
export function sessionExpiry({
  createdAt,
  now,
  rememberMe,
}: {
  createdAt: Date
  now: Date
  rememberMe: boolean
}): Date {
  const idleMs = rememberMe ? rememberedIdleLimitMs : idleLimitMs
  return new Date(Math.min(now.getTime() + idleMs, createdAt.getTime() + absoluteLimitMs))
}
