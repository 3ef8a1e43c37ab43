import type { Chat, Message, UserSummary } from '@muster/client'
import { m } from '../../paraglide/messages.js'

/** Returns the other user of a direct chat; undefined for a group. */
export const otherOf = ({ kind, members }: Pick<Chat, 'kind' | 'members'>, me: string): UserSummary | undefined =>
  kind === 'direct' ? members.find(({ user }) => user.id !== me)?.user : undefined

/** Returns what a chat is called: the name of the group, or of the other user. */
export const chatName = (chat: Chat, me: string): string => chat.name ?? otherOf(chat, me)?.name ?? m.chats_somebody()

/** Returns the picture of the group, or of the other user. */
export const chatPicture = (chat: Chat, me: string): string | null =>
  chat.avatarUrl ?? otherOf(chat, me)?.avatarUrl ?? null

/** Returns a message as one line of plain text. */
export function previewOf({ deletedAt, body, attachments }: Message): string {
  if (deletedAt !== null) return m.chats_preview_deleted()
  if (body) return body.replace(/\s+/gu, ' ')
  const count = attachments.length
  return attachments.every(({ contentType }) => contentType.startsWith('image/'))
    ? m.chats_preview_photo({ count })
    : m.chats_preview_files({ count })
}
