import type { UnreadMessages } from './unread-messages.ts'

const maxShown = 99

type Chat = { kind: 'direct' | 'group'; name: string | null }
type Unread = Pick<UnreadMessages, 'count' | 'mentions' | 'senders' | 'senderCount'>

/** `1 new message`, `3 new messages`, `99+ new messages`. */
const newMessages = (count: number) =>
  `${count > maxShown ? `${maxShown}+` : count} new ${count === 1 ? 'message' : 'messages'}`

/** `Ann`, `Ann and Bob`, `Ann, Bob and 3 others`. */
export function namesOf({ senders, senderCount }: Pick<Unread, 'senders' | 'senderCount'>): string {
  const names = senders ?? []
  if (senderCount > names.length) return `${names.slice(0, 2).join(', ')} and ${senderCount - 2} others`
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '')
}

/** Words a notification about unread messages. It quotes none of them: a message may be edited or deleted later. */
export function wordingOf(chat: Chat, unread: Unread): { title: string; message: string } {
  const names = namesOf(unread)
  if (chat.kind === 'direct')
    return { title: `${newMessages(unread.count)} from ${names}`, message: `${names} wrote to you.` }
  const mention = unread.mentions > 0 ? ' You are mentioned.' : ''
  return { title: `${newMessages(unread.count)} in ${chat.name}`, message: `${names} wrote in ${chat.name}.${mention}` }
}
