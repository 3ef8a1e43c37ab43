import type { Methods } from '../generated/methods.gen.ts'
import type { RealtimeApi } from './realtime.ts'

/** A sender waits at most so long for an answer before the outbox tries again. */
const sendTimeoutMs = 15_000

/** Gives the realtime part what it needs of the methods. */
export function createRealtimeApi({ chats, notifications }: Pick<Methods, 'chats' | 'notifications'>): RealtimeApi {
  return {
    readChats: async (signal) => chats.list({ archived: 'any', limit: 100 }, { signal }).toArray(),
    readChat: (id) => chats.get(id),
    readMessages: (id, query) => chats.messages(id, query),
    messages: {
      edit: (chatId, messageId, body, ifMatch) =>
        chats.editMessage(chatId, messageId, { body }, { ifMatch: ifMatch ?? false }),
      delete: (chatId, messageId) => chats.deleteMessage(chatId, messageId),
      react: (chatId, messageId, emoji) => chats.react(chatId, messageId, emoji),
      unreact: (chatId, messageId, emoji) => chats.unreact(chatId, messageId, emoji),
    },
    async upload({ chatId, files = [] }, signal) {
      const uploaded = await chats.uploadMedia(chatId, files, { signal, maxAttempts: 1 })
      return uploaded.map(({ id }) => id)
    },
    send({ chatId, clientId, body, replyToId, mentions, attachmentIds }, signal) {
      const content = {
        ...{ clientId, attachmentIds: [...(attachmentIds ?? [])], mentions: [...(mentions ?? [])] },
        ...(body !== undefined && { body }),
        ...(replyToId !== undefined && { replyToId }),
      }
      return chats.sendMessage(chatId, content, { signal, timeoutMs: sendTimeoutMs, maxAttempts: 1 })
    },
    markRead: (chatId, seq) => chats.markRead(chatId, { seq }),
    inbox: {
      readPage: async (cursor) => notifications.list(cursor === undefined ? {} : { cursor }),
      markRead: (id) => notifications.markRead(id),
      markAllRead: () => notifications.markAllRead(),
      delete: (id) => notifications.delete(id),
    },
  }
}
