import { live } from '../../lib/live-muster.ts'
import { m } from '../../paraglide/messages.js'
import { toast } from '../../ui/toast.tsx'
import { targetOf } from './target.ts'

/** Longer than other messages stay, since nobody waits for it. */
const shownMs = 20_000

/**
 * Shows each reminder that arrives, with a link to its task, until it is read here or elsewhere. The other notifications come in greater numbers and
 * wait in the Inbox. @returns a function that ends this
 */
export function tellReminders(): () => void {
  const { on, notifications } = live.realtime()
  const told = new Set<string>()
  const shown = new Map<string, () => void>()
  const endTelling = on('notification', ({ notification }) => {
    const { id, type, isRead, title, message } = notification
    const href = targetOf(notification)
    if (type !== 'reminder' || isRead || href === undefined || told.has(id)) return
    told.add(id)
    // The count of the Inbox stays as it is where this fails.
    const onClick = () => void notifications.markRead(id).catch(() => undefined)
    const action = { label: m.tasks_open_task(), href, onClick }
    shown.set(id, toast({ title, text: message, action, durationMs: shownMs }))
  })
  const endReading = notifications.subscribe(() => {
    if (shown.size === 0) return
    for (const { id, isRead } of notifications.getSnapshot().items) {
      if (!isRead) continue
      shown.get(id)?.()
      shown.delete(id)
    }
  })
  return () => {
    endTelling()
    endReading()
  }
}
