export type ToastKind = 'info' | 'success' | 'error'

/** One button, such as to undo, or one link where there is an address. Both close the message. */
export type ToastAction = { label: string; href?: string | undefined; onClick?: (() => void) | undefined }

export type ToastOptions = {
  title: string
  text?: string | undefined
  action?: ToastAction | undefined
  kind?: ToastKind | undefined
  /** How long it stays without the pointer or the focus; 5 s by default, 0 until it is closed. */
  durationMs?: number | undefined
}

/** What the viewport needs to show a message. */
export type QueuedToast = ToastOptions & { id: string }
type Receiver = { show: (toast: QueuedToast) => void; close: (id: string) => void }

let receiver: Receiver | null = null
let waiting: QueuedToast[] = []
let isWanted = false
let count = 0
const listeners = new Set<() => void>()

/** Shows a short message at the edge of the page and reads it out. @returns a function that closes it */
export function toast(options: ToastOptions): () => void {
  const queued = { ...options, id: `toast-${++count}` }
  if (receiver) receiver.show(queued)
  else waiting.push(queued)
  if (!isWanted) {
    isWanted = true
    for (const listener of listeners) listener()
  }
  return () => {
    waiting = waiting.filter(({ id }) => id !== queued.id)
    receiver?.close(queued.id)
  }
}

/** Makes the viewport the place of all messages, those that wait included. @returns a function that ends this */
export function receiveToasts(next: Receiver): () => void {
  receiver = next
  for (const queued of waiting.splice(0)) next.show(queued)
  return () => {
    if (receiver === next) receiver = null
  }
}

/** Whether there was a message yet, as a store. */
export const hasToasts = {
  getSnapshot: () => isWanted,
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
}
