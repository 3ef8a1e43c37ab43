const graceMs = 10_000
const idleMs = 7 * 86_400_000
const absoluteMs = 90 * 86_400_000

/**
 * A session as product.md specifies it: its tokens, when each was issued, and whether it was presented. It has none of the
 * flags and counters of the row. It is immutable, because a test follows several possible histories at once.
 */
export type ModelSession = {
  openedAtMs: number
  /** The token of generation n is at index n. */
  tokens: readonly { issuedAtMs: number; isPresented: boolean }[]
  end: 'none' | 'revoked' | 'reused'
}

export type ModelCall = { kind: 'present'; n: number } | { kind: 'revoke' }
/** The generation of the issued token, or the outcome of a refused refresh or of a revocation. */
export type ModelAnswer = number | 'refused' | 'ended' | 'nothing to end'

export const newModelSession = (nowMs: number): ModelSession => ({
  openedAtMs: nowMs,
  tokens: [{ issuedAtMs: nowMs, isPresented: false }],
  end: 'none',
})

/** Computes the session after one call at this time, and the call's answer. */
export function step(session: ModelSession, call: ModelCall, nowMs: number): [ModelSession, ModelAnswer] {
  const newest = session.tokens.length - 1
  const current = session.tokens[newest]
  if (!current || isOver(session, nowMs)) return [session, call.kind === 'revoke' ? 'nothing to end' : 'refused']
  if (call.kind === 'revoke') return [{ ...session, end: 'revoked' }, 'ended']
  const isYoung = nowMs - current.issuedAtMs < graceMs
  if (call.n === newest) {
    const presented = [...session.tokens.slice(0, -1), { ...current, isPresented: true }]
    if (isYoung) return [{ ...session, tokens: presented }, newest]
    return [{ ...session, tokens: [...presented, { issuedAtMs: nowMs, isPresented: false }] }, newest + 1]
  }
  if (call.n === newest - 1 && (isYoung || !current.isPresented)) return [session, newest]
  return [{ ...session, end: 'reused' }, 'refused']
}

/** Tells whether the session is revoked, ended by reuse, idle for too long since the last rotation, or 90 days old. */
export function isOver({ openedAtMs, tokens, end }: ModelSession, nowMs: number): boolean {
  const rotatedAtMs = tokens.at(-1)?.issuedAtMs ?? openedAtMs
  return end !== 'none' || nowMs >= Math.min(rotatedAtMs + idleMs, openedAtMs + absoluteMs)
}

/** Lists the outcomes of parallel calls: one for each serial order, with the answers in the order of the calls. */
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
