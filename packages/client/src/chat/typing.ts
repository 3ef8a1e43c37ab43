import type { ServerEvents } from '../generated/schemas.gen.ts'
import type { Connection } from '../realtime/connection.ts'

export type Typing = ReturnType<typeof createTyping>

/** The server takes one event in this time, and shows it twice as long. */
const everyMs = 3_000
const shownMs = 6_000

/** Keeps who types in which chat, and tells that the user does. */
export function createTyping({
  connection,
  onChange,
}: {
  connection: () => Pick<Connection, 'request'>
  onChange: (chatId: string) => void
}) {
  const typists = new Map<string, Map<string, ReturnType<typeof setTimeout>>>()
  const toldAtMs = new Map<string, number>()
  /** A lost event of this kind harms nobody. */
  const tell = (chatId: string, isTyping: boolean) =>
    void connection()
      .request('chat:typing', { chatId, isTyping })
      .catch(() => undefined)

  function end(chatId: string, userId: string): void {
    const users = typists.get(chatId)
    clearTimeout(users?.get(userId))
    if (users?.delete(userId)) onChange(chatId)
  }

  return {
    of: (chatId: string): string[] => [...(typists.get(chatId)?.keys() ?? [])],
    receive({ chatId, userId, isTyping }: ServerEvents['chat:typing']): void {
      end(chatId, userId)
      if (!isTyping) return
      const users = typists.get(chatId) ?? new Map()
      typists.set(chatId, users)
      users.set(
        userId,
        setTimeout(() => end(chatId, userId), shownMs),
      )
      onChange(chatId)
    },
    /** Ends the typing of a member who sent a message or left. */
    end,
    /** Tells that the user types, as often as the server takes it, or that they stopped. */
    own(chatId: string, isTyping: boolean): void {
      const lastMs = toldAtMs.get(chatId) ?? Number.NEGATIVE_INFINITY
      if (isTyping && Date.now() - lastMs >= everyMs) {
        toldAtMs.set(chatId, Date.now())
        tell(chatId, true)
      } else if (!isTyping && toldAtMs.delete(chatId) && Date.now() - lastMs < shownMs) tell(chatId, false)
    },
    /** The server ends the typing of who sends a message. */
    sent: (chatId: string) => void toldAtMs.delete(chatId),
    clear(): void {
      for (const [chatId, users] of typists) for (const userId of [...users.keys()]) end(chatId, userId)
      toldAtMs.clear()
    },
  }
}
