import { lockChats, raiseMessages } from '@muster/chat-changes'
import type { Db } from '@muster/db'
import type { Transact } from '@muster/jobs/outbox'
import * as queries from './chats.queries.ts'

const reactionsPerPage = 500

/** Removes the reactions of a user, in transactions of limited size. Each message that had one changes, so that its readers learn it. */
export async function removeReactions(db: Db, transact: Transact, userId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const reacted = await queries.findReactedMessages(db, userId, reactionsPerPage)
    if (reacted.length === 0) return
    for (const [chatId, messages] of Map.groupBy(reacted, (message) => message.chatId))
      await transact(async (tx) => {
        await lockChats(tx.trx, [chatId])
        const ids = messages.map(({ id }) => id)
        await queries.deleteReactions(tx.trx, userId, ids)
        await raiseMessages(tx, chatId, ids)
      })
  }
}
