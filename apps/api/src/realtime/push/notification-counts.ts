import type { ServerEventPayload } from '@muster/realtime/events'
import type { Gateway } from '../gateway.ts'

type Count = ServerEventPayload<'notification:count'>
type Recent = { timer: NodeJS.Timeout; waiting: Count | undefined }

/** Counts of a user within this time become one event after the first. */
const intervalMs = 250

/** Creates the emitter of the unread count: at once, but of many changes within a moment only the first and the last. */
export function createCountEmitter({ emit }: Pick<Gateway, 'emit'>) {
  const recent = new Map<string, Recent>()
  const owed = new Set<string>()

  const send = (userId: string, count: Count) => {
    if (emit(`user:${userId}`, 'notification:count', count)) owed.delete(userId)
    else owed.add(userId)
    recent.set(userId, { timer: setTimeout(elapse, intervalMs, userId), waiting: undefined })
  }
  const elapse = (userId: string) => {
    const waiting = recent.get(userId)?.waiting
    recent.delete(userId)
    if (waiting) send(userId, waiting)
  }
  const forget = (userId: string) => {
    clearTimeout(recent.get(userId)?.timer)
    recent.delete(userId)
    owed.delete(userId)
  }
  return {
    emit(userId: string, count: Count) {
      const sent = recent.get(userId)
      if (sent) sent.waiting = count
      else send(userId, count)
    },
    /** Whether a count could not be emitted, because revocations were not known. */
    isOwed: (userId: string): boolean => owed.has(userId),
    forget,
    close() {
      for (const userId of [...recent.keys()]) forget(userId)
    },
  }
}
