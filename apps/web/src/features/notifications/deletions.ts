import { useEffect, useRef, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { live } from '../../lib/live-muster.ts'
import { m } from '../../paraglide/messages.js'
import { toast } from '../../ui/toast.tsx'

const undoMs = 5_000
type Pending = { timer: ReturnType<typeof setTimeout>; closeToast: () => void }

/** Deletes notifications after the time to undo, or when the page is left. `hidden` are those that wait for it. */
export function useDeletions() {
  const pending = useRef(new Map<string, Pending>())
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const show = (id: string) => setHidden((ids) => new Set([...ids].filter((other) => other !== id)))

  async function send(id: string): Promise<void> {
    const entry = pending.current.get(id)
    if (!entry) return
    clearTimeout(entry.timer)
    pending.current.delete(id)
    await live
      .realtime()
      .notifications.delete(id)
      .catch((error: unknown) => toast({ title: errorSentence(error), kind: 'error' }))
    show(id)
  }

  function undo(id = [...pending.current.keys()].at(-1)): void {
    const entry = id === undefined ? undefined : pending.current.get(id)
    if (id === undefined || !entry) return
    clearTimeout(entry.timer)
    entry.closeToast()
    pending.current.delete(id)
    show(id)
  }

  function remove(id: string): void {
    if (pending.current.has(id)) return
    setHidden((ids) => new Set([...ids, id]))
    const action = { label: m.notifications_undo(), onClick: () => undo(id) }
    const closeToast = toast({ title: m.notifications_deleted(), action, durationMs: undoMs })
    pending.current.set(id, { closeToast, timer: setTimeout(() => void send(id), undoMs) })
  }

  const sendAll = useRef(() => {})
  sendAll.current = () => {
    for (const [id, { closeToast }] of pending.current) {
      closeToast()
      void send(id)
    }
  }
  useEffect(() => () => sendAll.current(), [])
  return { hidden, remove, undo }
}
