import { muster } from '../../lib/muster.ts'
import { useStore } from '../../lib/use-store.ts'

export type Counts = { notifications: number }

/** Returns the number of unread notifications, which the socket keeps up to date. */
export const useCounts = (): Counts => ({ notifications: useStore(muster.realtime().notifications).unreadCount })
