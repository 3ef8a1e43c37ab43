import type { Methods } from '../generated/methods.gen.ts'
import type { Chat, Message } from '../generated/schemas.gen.ts'
import type { Caller } from '../http/caller.ts'
import type { RealtimeApi } from './realtime.ts'

/** A sender waits at most so long for an answer before the outbox tries again. */
const sendTimeoutMs = 15_000

/** Gives the realtime part what it needs of the methods. */
export function createRealtimeApi({ chats, notifications }: Methods, { call }: Caller): RealtimeApi {
  const change = async (
    method: string,
    path: string,
    params: Record<string, string>,
    body?: object,
    ifMatch?: string,
  ) => {
    const { result } = await call(
      {
        id: 'changeMessage',
        method,
        path: `/api/v1/chats/{chatId}/messages/{messageId}${path}`,
        answer: 'data',
        pick: 'message',
        takesIfMatch: true,
      },
      { params, body, options: { ifMatch: ifMatch ?? false } },
    )
    return result as Message
  }
  const readAll = async (archived: boolean, signal: AbortSignal): Promise<Chat[]> =>
    chats.list({ archived, limit: 100 }, { signal }).toArray()

  return {
    readChats: async (signal) => (await Promise.all([readAll(false, signal), readAll(true, signal)])).flat(),
    readChat: (id) => chats.get(id),
    readMessages: (id, query) => chats.messages(id, query),
    messages: {
      edit: (chatId, messageId, body, ifMatch) => change('PATCH', '', { chatId, messageId }, { body }, ifMatch),
      delete: (chatId, messageId) => change('DELETE', '', { chatId, messageId }),
      react: (chatId, messageId, emoji) => change('PUT', '/reactions/{emoji}', { chatId, messageId, emoji }),
      unreact: (chatId, messageId, emoji) => change('DELETE', '/reactions/{emoji}', { chatId, messageId, emoji }),
    },
    upload: async () => [],
    send({ chatId, clientId, body, replyToId, mentions, attachmentIds }, signal) {
      const content = {
        ...{ clientId, attachmentIds: [...(attachmentIds ?? [])], mentions: [...(mentions ?? [])] },
        ...(body !== undefined && { body }),
        ...(replyToId !== undefined && { replyToId }),
      }
      return chats.sendMessage(chatId, content, { signal, timeoutMs: sendTimeoutMs, maxAttempts: 1 })
    },
    markRead: async (chatId, seq) =>
      call(
        { id: 'markRead', method: 'PUT', path: '/api/v1/chats/{chatId}/read', answer: 'data' },
        { params: { chatId }, body: { seq } },
      ),
    inbox: {
      readPage: async (cursor) => notifications.list(cursor === undefined ? {} : { cursor }),
      markRead: (id) => notifications.markRead(id),
      markAllRead: () => notifications.markAllRead(),
      delete: (id) => notifications.delete(id),
    },
  }
}
