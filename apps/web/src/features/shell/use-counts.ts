import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'

export type Counts = { notifications: number; chats: number }

/** Returns the numbers of unread notifications and messages, which the socket keeps up to date. */
export function useCounts(): Counts {
  const { notifications, chats } = live.realtime()
  return { notifications: useStore(notifications).unreadCount, chats: useStore(chats).unreadCount }
}
