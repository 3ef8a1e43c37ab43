import { MusterError } from '../http/error.ts'

type Deps = {
  send: (chatId: string, seq: number) => Promise<unknown>
  /** Is called when the server refuses a position, so that the chat must be read again. */
  onRefused: (chatId: string) => void
}

export type ReadMarks = ReturnType<typeof createReadMarks>

/** A reader who scrolls sends at most a few positions a second. */
const everyMs = 300

/** Sends how far the user has read: one request a chat at a time, and the latest position only. */
export function createReadMarks({ send, onRefused }: Deps) {
  const wanted = new Map<string, number>()
  const sending = new Set<string>()

  async function flush(chatId: string): Promise<void> {
    if (sending.has(chatId)) return
    sending.add(chatId)
    try {
      for (let seq = wanted.get(chatId); seq !== undefined; seq = wanted.get(chatId)) {
        await send(chatId, seq)
        if (wanted.get(chatId) === seq) wanted.delete(chatId)
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    } catch (error) {
      if (error instanceof MusterError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        wanted.delete(chatId)
        onRefused(chatId)
      }
    } finally {
      sending.delete(chatId)
    }
  }

  return {
    set(chatId: string, seq: number): void {
      if (seq <= (wanted.get(chatId) ?? 0)) return
      wanted.set(chatId, seq)
      void flush(chatId)
    },
    /** Sends what could not be sent before. */
    flushAll(): void {
      for (const chatId of wanted.keys()) void flush(chatId)
    },
    reset: () => wanted.clear(),
  }
}
