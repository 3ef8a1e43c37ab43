/** The longest time for which an answer to a write is expected on its way. */
const maxAgeMs = 5_000

/**
 * Finds out whether the writes of a session come one after another, by what their requests carry: the cookie of the write before, or not,
 * when the client sent the request before it had that answer. Of two such answers, either may arrive last and overwrite the other.
 */
export type WriteChains = {
  /**
   * Begins the answer to a write.
   * @param received the cookie of this process in the request
   * @returns a function that keeps the cookie of the answer; undefined when the write overlaps with the one before
   */
  begin(sessionId: string, received: string | undefined): ((sent: string) => void) | undefined
}

/** Creates the chains of the sessions that write by this process. */
export function createWriteChains(now: () => number = () => performance.now()): WriteChains {
  const lastSent = new Map<string, { cookie: string | undefined; sinceMs: number }>()
  const removeOld = () => {
    for (const [sessionId, { sinceMs }] of lastSent) {
      if (now() - sinceMs < maxAgeMs) return
      lastSent.delete(sessionId)
    }
  }
  return {
    begin(sessionId, received) {
      removeOld()
      const last = lastSent.get(sessionId)
      if (last && (last.cookie === undefined || last.cookie !== received)) return undefined
      const own: { cookie: string | undefined; sinceMs: number } = { cookie: undefined, sinceMs: now() }
      // Set anew, so that the oldest stand first.
      lastSent.delete(sessionId)
      lastSent.set(sessionId, own)
      return (sent) => {
        own.cookie = sent
      }
    },
  }
}
