/** For how long a typist is shown without a further sign of them. */
const shownMs = 6_000

export type Typists = {
  /** Notes that a user types, until {@link shownMs} have passed. @param lastSeq the chat's latest message when they typed */
  begin(chatId: string, userId: string, lastSeq: number): void
  /** Ends that a user types. Calls `ended` if they did. */
  end(chatId: string, userId: string): void
  /** Returns the latest message at the time when a user typed, who still does; undefined when they do not. */
  lastSeqOf(chatId: string, userId: string): number | undefined
  close(): void
}

/** Keeps who types in which chat. @param ended is called when a user ceases to type, also for want of a sign */
export function keepTypists(ended: (chatId: string, userId: string) => void): Typists {
  const typists = new Map<string, { lastSeq: number; timer: NodeJS.Timeout }>()
  const keyOf = (chatId: string, userId: string) => `${chatId} ${userId}`

  const end = (chatId: string, userId: string) => {
    const key = keyOf(chatId, userId)
    const typist = typists.get(key)
    if (!typist) return
    clearTimeout(typist.timer)
    typists.delete(key)
    ended(chatId, userId)
  }
  return {
    begin(chatId, userId, lastSeq) {
      const key = keyOf(chatId, userId)
      clearTimeout(typists.get(key)?.timer)
      typists.set(key, { lastSeq, timer: setTimeout(end, shownMs, chatId, userId) })
    },
    end,
    lastSeqOf: (chatId, userId) => typists.get(keyOf(chatId, userId))?.lastSeq,
    close() {
      for (const { timer } of typists.values()) clearTimeout(timer)
    },
  }
}
