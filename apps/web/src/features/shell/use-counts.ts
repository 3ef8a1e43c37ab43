import { muster } from '../../lib/muster.ts'
import { useStore } from '../../lib/use-store.ts'

export type Counts = { notifications: number; messages: number }

/** Returns the numbers of unread notifications and messages, which the socket keeps up to date. */
export function useCounts(): Counts {
  const realtime = muster.realtime()
  return {
    notifications: useStore(realtime.notifications).unreadCount,
    messages: useStore(realtime.chats).unreadCount,
  }
}
