/** A part of the person's chats: ids above `after`, up to `upTo`; without a bound all of that side. */
export type Span = { after?: string; upTo?: string; ids: readonly string[] }

const maxChatsPerSync = 200

/** Divides all chats into spans for one sync each, which leave no id between them. @param ids of the known chats */
export function spansOf(ids: Iterable<string>): Span[] {
  const sorted = [...ids].sort()
  const spans: Span[] = []
  for (let at = 0; at === 0 || at < sorted.length; at += maxChatsPerSync) {
    const own = sorted.slice(at, at + maxChatsPerSync)
    const after = sorted[at - 1]
    const isLast = at + maxChatsPerSync >= sorted.length
    const upTo = isLast ? undefined : own.at(-1)
    spans.push({ ids: own, ...(after !== undefined && { after }), ...(upTo !== undefined && { upTo }) })
  }
  return spans
}

/** Returns the span of one chat alone. */
export const spanOf = (id: string): Span => ({ after: before(id), upTo: id, ids: [id] })

/** The span without chats, for what a sync tells beside them. */
export const noChats: Span = { after: 'ffffffff-ffff-ffff-ffff-ffffffffffff', ids: [] }

/** Returns the greatest UUID below this one. Its last 48 bits are random, so the version stays as it is. */
function before(id: string): string {
  const tail = BigInt(`0x${id.slice(-12)}`)
  const low = tail === 0n ? 0n : tail - 1n
  return `${id.slice(0, -12)}${low.toString(16).padStart(12, '0')}`
}
