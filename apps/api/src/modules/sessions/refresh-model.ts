const graceMs = 10_000
const idleMs = 7 * 86_400_000
const absoluteMs = 90 * 86_400_000

/**
 * A session as product.md tells it from the outside: its tokens, when each was made, and whether anybody has shown it.
 * None of the flags and counters of the row. Values, never changed: a test follows several possible histories at once.
 */
export type ModelSession = {
  openedAtMs: number
  /** The token with number n stands at index n. */
  tokens: readonly { madeAtMs: number; isShown: boolean }[]
  end: 'none' | 'revoked' | 'reused'
}

export type ModelCall = { kind: 'present'; n: number } | { kind: 'revoke' }
/** The number of the token that is handed out, or whether a revocation found something to end. */
export type ModelAnswer = number | 'refused' | 'ended' | 'nothing to end'

export const newModelSession = (nowMs: number): ModelSession => ({
  openedAtMs: nowMs,
  tokens: [{ madeAtMs: nowMs, isShown: false }],
  end: 'none',
})

/** What one call is answered at this moment, and what the session is afterwards. */
export function step(session: ModelSession, call: ModelCall, nowMs: number): [ModelSession, ModelAnswer] {
  const newest = session.tokens.length - 1
  const current = session.tokens[newest]
  if (!current || isOver(session, nowMs)) return [session, call.kind === 'revoke' ? 'nothing to end' : 'refused']
  if (call.kind === 'revoke') return [{ ...session, end: 'revoked' }, 'ended']
  const isYoung = nowMs - current.madeAtMs < graceMs
  if (call.n === newest) {
    const shown = [...session.tokens.slice(0, -1), { ...current, isShown: true }]
    if (isYoung) return [{ ...session, tokens: shown }, newest]
    return [{ ...session, tokens: [...shown, { madeAtMs: nowMs, isShown: false }] }, newest + 1]
  }
  if (call.n === newest - 1 && (isYoung || !current.isShown)) return [session, newest]
  return [{ ...session, end: 'reused' }, 'refused']
}

/** Revoked, ended by reuse, idle for too long since the last rotation, or 90 days old. */
export function isOver({ openedAtMs, tokens, end }: ModelSession, nowMs: number): boolean {
  const rotatedAtMs = tokens.at(-1)?.madeAtMs ?? openedAtMs
  return end !== 'none' || nowMs >= Math.min(rotatedAtMs + idleMs, openedAtMs + absoluteMs)
}

/** Each way in which calls made at once can have happened one after another, with its answers in the calls' own order. */
export function outcomes(
  session: ModelSession,
  calls: readonly ModelCall[],
  nowMs: number,
): { after: ModelSession; answers: ModelAnswer[] }[] {
  return permutations([...calls.keys()]).map((order) => {
    const answers: ModelAnswer[] = []
    let after = session
    for (const index of order) {
      const [next, answer] = step(after, calls[index] as ModelCall, nowMs)
      after = next
      answers[index] = answer
    }
    return { after, answers }
  })
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]))
}
