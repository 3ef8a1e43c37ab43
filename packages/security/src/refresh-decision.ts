/** How long a token is answered without rotating, and its predecessor with the same successor. */
export const refreshGraceMs = 10_000
export const idleLimitMs = 7 * 86_400_000
export const rememberedIdleLimitMs = 30 * 86_400_000
export const absoluteLimitMs = 90 * 86_400_000

/** What the session row says when a refresh arrives. */
export type SessionState = {
  /** The current token's number. */
  n: number
  /** When the current token was made: sign-in or the last rotation. */
  rotatedAt: Date
  /** Whether the current token has been presented, which proves that its receiver has it. */
  successorSeen: boolean
  expiresAt: Date
  revokedAt: Date | null
}

/**
 * - `current-young`: answer with the same token; when `markSeen`, note `successorSeen = true` where n still is the same.
 * - `rotate`: `UPDATE … SET n = n + 1, rotated_at = now, successor_seen = false WHERE n = presented AND revoked_at IS NULL`.
 *   When it changes no row, another refresh was first: read the row again and decide again; nothing else is an answer.
 * - `replay-successor`: answer with token `n` of the row, change nothing.
 * - `reuse`: a token that its owner has left behind; revoke the session, write the audit event, mail the owner.
 * - `revoked`, `expired`: the session is over; change nothing.
 * - `unknown`: a number that this row never gave out (a database restored from yesterday); refuse, change nothing.
 */
export type RefreshDecision =
  | { outcome: 'current-young'; answerN: number; markSeen: boolean }
  | { outcome: 'rotate'; answerN: number }
  | { outcome: 'replay-successor'; answerN: number }
  | { outcome: 'reuse' | 'revoked' | 'expired' | 'unknown' }

/**
 * Decides what a refresh with a verified token does. Fifty at once with the current token all decide `rotate`; one
 * conditional UPDATE changes the row, and the other forty-nine, deciding again, are predecessors within the grace.
 * A row that was rotated "later" than `now` (clocks of two machines, a request that waited) counts as just rotated.
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

/** When a session used now ends: after its idle limit, or 90 days from sign-in if that comes first. */
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
