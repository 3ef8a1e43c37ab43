import { trackOutage } from '@muster/telemetry'
import { setReadPosition } from '../../modules/chats/read-position.service.ts'
import type { Feature } from '../gateway.ts'
import { findReaders, type Reader } from './reading.queries.ts'

/** Who reads on raises the position often; the others are told once in this time. */
const coalesceMs = 1_000

/** Takes read positions of clients, and tells them to the members who may know them and to the reader's other devices. */
export const reading: Feature = (gateway, context) => {
  const { connections, signals } = gateway
  const outage = trackOutage({
    log: context.log,
    fields: { dependency: 'postgres', component: 'read-positions' },
    down: 'read positions not read, clients fetch them',
    up: 'read positions read again',
  })
  let pending = new Map<string, Reader>()
  let timer: NodeJS.Timeout | undefined

  const tell = async () => {
    timer = undefined
    const readers = [...pending.values()]
    pending = new Map()
    for (const { viewerIds, ...position } of await findReaders(signals.db, readers)) {
      const viewers = new Set(viewerIds).add(position.userId)
      const { chatId } = position
      const told = [...connections.ofUser(position.userId)]
      for (const connection of connections.inRoom(`chat:${chatId}`))
        if (connection.actor.userId !== position.userId && viewers.has(connection.actor.userId)) told.push(connection)
      gateway.emit(told, 'chat:read', position)
    }
  }
  const hasListener = ({ chatId, userId }: Reader) => {
    for (const _one of connections.inRoom(`chat:${chatId}`)) return true
    return connections.hasUser(userId)
  }

  signals.on('chat:read', ({ chatId, userId }) => {
    if (!chatId || !userId || !hasListener({ chatId, userId })) return
    pending.set(`${chatId} ${userId}`, { chatId, userId })
    timer ??= setTimeout(() => {
      const chatIds = new Set([...pending.values()].map((reader) => reader.chatId))
      tell().then(outage.succeeded, (error: unknown) => {
        outage.failed(error)
        for (const id of chatIds) gateway.emit(`chat:${id}`, 'stale', { kinds: ['read-positions'] })
      })
    }, coalesceMs)
  })
  gateway.handle('chat:read', ({ actor }, { chatId, seq }) =>
    setReadPosition(context, actor.userId, chatId, { seq, path: 'payload.seq' }),
  )
  return { close: () => clearTimeout(timer) }
}
