import type { SessionCore } from './session.ts'

/** Tells the other tabs of this browser who signs in or out here, and asks the server again when they tell. @returns a function that ends this */
export function followOtherTabs(baseUrl: string, session: Pick<SessionCore, 'onOwnChange' | 'restore'>): () => void {
  if (!('BroadcastChannel' in globalThis)) return () => undefined
  const channel = new BroadcastChannel(`muster ${baseUrl}`)
  session.onOwnChange(() => channel.postMessage('session'))
  channel.onmessage = () => void session.restore().catch(() => undefined)
  return () => channel.close()
}
