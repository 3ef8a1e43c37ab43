import { io, type Socket } from 'socket.io-client'

type ChangeEvent = {
  chatId: string
  change: number
  prev: number
  kind: string
  member?: { user: { id: string }; leftAt: string | null }
}

/** A plain Socket.IO client, which shows what a single connection gets. */
export type Observer = {
  /** Gaps, duplicates and inversions on a connection, and changes after the own removal. */
  faults: string[]
  received(): number
  close(): void
}

/** Connects with the cookie of a user, and checks the numbers of each chat on each connection. */
export function startObserver({ url, cookie, userId }: { url: string; cookie: string; userId: string }): Observer {
  const faults: string[] = []
  let received = 0
  let last = new Map<string, number>()
  let ended = new Set<string>()
  const socket: Socket = io(url, { transports: ['websocket'], extraHeaders: { cookie }, reconnectionDelayMax: 1_000 })
  socket.on('connect', () => {
    last = new Map()
    ended = new Set()
  })
  socket.on('chat:change', ({ chatId, change, prev, kind, member }: ChangeEvent) => {
    received++
    const before = last.get(chatId)
    const isOwn = kind === 'member' && member?.user.id === userId
    if (ended.has(chatId) && !(isOwn && member?.leftAt === null))
      faults.push(`${change} in ${chatId} after the removal`)
    if (before !== undefined && !ended.has(chatId)) {
      if (change <= before) faults.push(`${change} in ${chatId} after ${before}`)
      if (prev !== before) faults.push(`${change} in ${chatId} follows ${prev}, and ${before} was the last one`)
    }
    last.set(chatId, change)
    if (isOwn && member?.leftAt !== null) ended.add(chatId)
    else if (isOwn) ended.delete(chatId)
  })
  return { faults, received: () => received, close: () => void socket.disconnect() }
}
