import type { FileInput } from '../http/call-types.ts'

/** The content of a message to send. */
export type MessageContent = {
  body?: string | undefined
  replyToId?: string | undefined
  mentions?: readonly string[] | undefined
  /** Files that were uploaded to the chat. */
  attachmentIds?: readonly string[] | undefined
  /** Files to upload before the message is sent. */
  files?: readonly FileInput[] | undefined
}

/** A message that waits to be sent, as it is stored. */
export type OutboxItem = MessageContent & {
  /** The user who wrote it: it is never sent for another one. */
  userId: string
  chatId: string
  clientId: string
  /** Rises from one message of a user to the next. */
  position: number
  createdAt: string
  /** Why the server refused it; absent while it may still be sent. */
  refusal?: { code: string; message: string } | undefined
}

/** Where messages wait over reloads. Each function may reject: then they are kept in memory alone. */
export interface OutboxStorage {
  load(userId: string): Promise<OutboxItem[]>
  put(item: OutboxItem): Promise<void>
  delete(userId: string, clientId: string): Promise<void>
}

/** Creates a storage that lasts as long as the process. */
export function createMemoryStorage(): OutboxStorage {
  const items = new Map<string, OutboxItem>()
  return {
    load: async (userId) => [...items.values()].filter((item) => item.userId === userId),
    put: async (item) => void items.set(`${item.userId} ${item.clientId}`, structuredClone(item)),
    delete: async (userId, clientId) => void items.delete(`${userId} ${clientId}`),
  }
}
