import { maybe, z } from '../../lib/zod.ts'

/** The search parameters of the list of chats, which stay while a chat is open. An invalid value is ignored. */
export const chatsSearch = z.object({
  /** Words to look for in names and messages. */
  q: maybe(z.string().check(z.maxLength(200))),
  archived: maybe(z.literal(true)),
})
export type ChatsSearch = z.infer<typeof chatsSearch>

/** Those of one chat. */
export const chatSearch = z.object({
  /** The number of the message to show. */
  seq: maybe(z.int().check(z.positive())),
})
export type ChatSearch = z.infer<typeof chatSearch>

/** Tells whether a parameter of the address can be the id of a chat. */
export const isChatId = (id: string): boolean => z.uuid().safeParse(id).success
